/** `packetlog run`: load, attach, serve, drain, wait, and undo it all in reverse order. */
import { totalmem } from 'node:os';
import { type PacketLogView, packetLogJson } from '@packetlog/common';
import type { Logger } from 'pino';
import { DrainThread } from '../drain/drain-thread.ts';
import type { DrainLedger } from '../drain/messages.ts';
import { EXIT } from '../exit-codes.ts';
import { printableName } from '../kernel/interface-name.ts';
import { possibleCpus } from '../kernel/possible-cpus.ts';
import { defaultRingBytes, largestRingBytes } from '../kernel/ring-size.ts';
import { ConsolePrinter, type FormatRecord, type PrinterCounts } from '../print/console-printer.ts';
import { standardOutput } from '../print/standard-output.ts';
import { TextLines } from '../print/text-line.ts';
import { Front } from '../serve/front.ts';
import { SetupError } from '../setup-error.ts';
import { dashboardDirectory } from './dashboard-directory.ts';
import { ledgerJson, ledgerText } from './final-report.ts';
import { makeLogger } from './log.ts';
import type { PrintFormat, RunOptions } from './run-options.ts';
import { session } from './session.ts';
import { Stop } from './stop.ts';

/** How long a slow output may take to get what was recorded, after the end was asked for. */
const PRINT_MS = 10_000;
/** What ends a write when whoever read has ended, as `head` does: no fault. */
const READER_GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET']);

/** Resolves with the exit code; throws SetupError if it cannot start. `onReady`: packets are seen from now on. */
export async function run(options: RunOptions, stop = new Stop(), onReady = () => {}): Promise<number> {
  const log = makeLogger(options.logLevel, process.stderr.isTTY);
  const front = await openFront(options, log);
  let printer: ConsolePrinter | undefined;
  let last: DrainLedger | undefined;
  let broken: Error | undefined;
  const names = new Map<number, string>();
  const remember = (interfaces: DrainLedger['interfaces']) => {
    for (const { ifindex, name } of interfaces) names.set(ifindex, name);
  };
  const nameOf = (view: PacketLogView, i: number) => names.get(view.ifindex(i)) ?? String(view.ifindex(i));

  const thread = await DrainThread.start(drainOptions(options), {
    rows: (bytes, count, skipped) => {
      printer?.add(bytes, count);
      front?.rows(bytes, count, skipped);
    },
    rowsWanted: (skipped) => front?.rowsWanted(skipped),
    second: ({ ledger, summary, clockOffsetNs }) => {
      last = ledger;
      remember(ledger.interfaces);
      front?.second(ledger, summary, clockOffsetNs);
    },
    notice: ({ notice }) => {
      log[notice.level === 'warning' ? 'warn' : notice.level](notice.message);
      front?.notice(notice);
    },
    failed: (error) => {
      log.fatal({ err: error }, 'The drain thread failed; the interfaces are detached.');
      process.exit(EXIT.failed);
    },
  }).catch(async (error: unknown) => {
    await front?.close();
    throw error;
  });

  remember(thread.ready.interfaces);
  if (options.print !== 'none') {
    printer = new ConsolePrinter({
      output: standardOutput(),
      format: formatter(options.print, nameOf, thread.ready.interfaces.length > 1),
      stride: thread.ready.stride,
      recordOffset: thread.ready.recordOffset,
      onClosed: (error) => {
        if (!READER_GONE.has(error.code ?? '')) broken = error;
        stop.now('output closed');
      },
    });
  }
  front?.start(thread, options.print !== 'none', () => last?.interfaces ?? thread.ready.interfaces);
  greet(thread, front);
  onReady();

  const why = await stop.asked;
  log.debug({ why }, 'ending');
  front?.notice({ at_ms: Date.now(), level: 'info', code: 'shutting_down', message: 'The loader is shutting down.' });
  const ledger = await thread.stop();
  const quiet = why === 'output closed' && !broken;
  const lastLine = options.print === 'json' ? () => ledgerJson(ledger, counts(printer)) : undefined;
  await printer?.finish(lastLine, PRINT_MS);
  await front?.close();
  if (!quiet) for (const line of ledgerText(ledger, printer?.counts)) say(line);
  if (broken) say(`packetlog: write to standard output: ${broken.message}.`);
  return broken ? EXIT.failed : EXIT.ok;
}

function counts(printer: ConsolePrinter | undefined): PrinterCounts {
  return printer?.counts ?? { console: 0, dropped: 0 };
}

async function openFront(options: RunOptions, log: Logger): Promise<Front | undefined> {
  if (options.listen === 'off') return undefined;
  return Front.open({
    listen: options.listen,
    ui: uiDirectory(options.ui),
    allowOrigin: options.allowOrigin,
    token: process.env['PACKETLOG_TOKEN'],
    session: session(options.clock),
    log,
  });
}

function uiDirectory(ui: string | undefined): string | undefined {
  if (ui === 'off') return undefined;
  if (ui !== undefined) return ui;
  const built = dashboardDirectory();
  if (built !== undefined) return built;
  throw new SetupError({
    step: 'serve',
    target: 'dashboard',
    problem: 'it is not built',
    next: 'Build it (pnpm build), name its directory with --ui DIR, or use --ui off.',
    exit: 'usage',
  });
}

function drainOptions(options: RunOptions) {
  const cpus = possibleCpus();
  const largest = largestRingBytes(totalmem(), cpus);
  const ringBytes = options.ringSize ?? defaultRingBytes(totalmem(), cpus);
  if (ringBytes > largest) {
    throw new SetupError({
      step: 'use',
      target: `--ring-size ${ringBytes}`,
      problem: `with ${cpus} CPUs that is more than a quarter of the memory`,
      next: `Use at most ${largest}.`,
      exit: 'usage',
    });
  }
  return {
    interfaces: [...new Set(options.iface)],
    networkNamespace: options.netns,
    mode: options.mode,
    ringBytes,
    logPermits: !options.countOnly,
    transport: options.transport,
    clock: options.clock,
    sample: options.sample,
    simulateLoss: options.simulateLoss,
    rowsPerSecond: options.print === 'none' ? 0 : Number.POSITIVE_INFINITY,
  };
}

function formatter(print: Exclude<PrintFormat, 'none'>, nameOf: FormatRecord, showInterface: boolean): FormatRecord {
  if (print === 'json') return (view, i) => packetLogJson(view, i, nameOf(view, i));
  const lines = new TextLines({ colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined, showInterface });
  return (view, i) => lines.line(view, i, printableName(nameOf(view, i)));
}

/** For the person at the terminal; never through the logger, because of the token. */
function greet(thread: DrainThread, front: Front | undefined): void {
  for (const { name, mode, mode_reason } of thread.ready.interfaces) {
    say(
      `Watching ${printableName(name)} (${mode.replace('_', ' with ')}${mode_reason ? `, because ${mode_reason}` : ''})`,
    );
  }
  if (front) {
    say(`Dashboard: ${front.url}`);
    if (front.isExposed)
      say('Warning: others can reach this address, and it speaks plain HTTP. Put TLS in front of it.');
  }
  say('Waiting for Ctrl-C...');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
