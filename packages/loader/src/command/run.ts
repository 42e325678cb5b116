/** `packetlog run`: load, attach, serve, drain, wait, and undo it all in reverse order. */
import { compileFilter, type Notice, type PacketLogView } from '@packetlog/common';
import type { Logger } from 'pino';
import { DrainThread } from '../drain/drain-thread.ts';
import type { DrainLedger } from '../drain/messages.ts';
import { RowDemand } from '../drain/row-demand.ts';
import { EXIT } from '../exit-codes.ts';
import { printableName } from '../kernel/interface-name.ts';
import { InterfaceNames } from '../kernel/interface-names.ts';
import { requireKernelFiles } from '../kernel/kernel-files.ts';
import { networkNamespaceId } from '../kernel/network-namespace.ts';
import type { Places } from '../names/places.ts';
import { captureEncoding } from '../print/capture-format.ts';
import { ConsolePrinter, type PrinterCounts } from '../print/console-printer.ts';
import { standardOutput } from '../print/standard-output.ts';
import { prepareStateDirectory } from '../rules/file/state-directory.ts';
import { LiveRules } from '../rules/live-rules.ts';
import { Front } from '../serve/front.ts';
import { SetupError } from '../setup-error.ts';
import { consoleEncoding } from './console-encoding.ts';
import { dashboardDirectory } from './dashboard-directory.ts';
import { filterWarnings } from './filter-option.ts';
import { ledgerJson, ledgerText } from './final-report.ts';
import { openPlaces, reloadPlaces } from './geoip.ts';
import { leaveWith } from './leave.ts';
import { makeLogger } from './log.ts';
import { memoryProblems, ringBytesFor } from './memory.ts';
import { closed, PRINT_MS, READER_GONE, type RecordOutput } from './record-output.ts';
import type { RunOptions } from './run-options.ts';
import { servedUrls, servedWithoutTokens } from './served-urls.ts';
import { session } from './session.ts';
import { Staying } from './staying.ts';
import { Stop } from './stop.ts';
import { stopWhenUncaught } from './uncaught.ts';

/**
 * Resolves with the exit code; throws SetupError if it cannot start. `onReady`: packets are seen from now on.
 * `output`: takes the records in place of `--print`.
 */
export async function run(
  options: RunOptions,
  stop = new Stop(),
  onReady = () => {},
  output?: RecordOutput,
): Promise<number> {
  const log = makeLogger(options.logLevel);
  const isUncaught = stopWhenUncaught(stop, (error) => log.debug({ err: error }, 'an error that nothing caught'));
  requireKernelFiles();
  const networkNamespace = networkNamespaceId(options.netns);
  const ringBytes = ringBytesFor(options.ringSize);
  const problems = [...prepareStateDirectory(options.state), ...memoryProblems(ringBytes)];
  const file = output?.open();
  const places = await openPlaces(options, log);
  const front = await openFront(options, places, log);
  let printer: ConsolePrinter | undefined;
  let last: DrainLedger | undefined;
  let broken: Error | undefined;
  const names = new InterfaceNames();
  const remember = (interfaces: DrainLedger['interfaces']) => {
    if (names.learn(interfaces) && options.filter) printer?.setFilter(compileFilter(options.filter, names));
  };
  const nameOf = (view: PacketLogView, i: number) => names.nameOf(view.ifindex(i));

  const notice = (told: Notice) => {
    log[told.level === 'warning' ? 'warn' : told.level](told.message);
    front?.notice(told);
  };
  warn(problems, notice);
  const wantsRows = output !== undefined || options.print !== 'none';
  const demand = new RowDemand(wantsRows ? undefined : (perSecond) => thread.want(perSecond));
  const rules = new LiveRules({
    paths: options.state,
    protect: options.protect,
    confirmMs: options.confirmWithin,
    environment: process.env,
    servedPort: front?.port,
    operators: () => front?.operators() ?? [],
    changed: () => front?.rulesChanged(),
    counted: (counters, hits) => front?.ruleCounters(counters, hits),
    wantRows: (isWanted) => demand.set('rehearsals', isWanted ? Number.POSITIVE_INFINITY : 0, () => {}),
    notice,
    failed: (error) => log.error({ err: error }, 'a request about rules failed'),
    session: () => ({
      pid: process.pid,
      network_namespace: networkNamespace,
      served: front?.served ?? null,
      interfaces: last?.interfaces ?? thread.ready.interfaces,
    }),
  });

  const thread = await DrainThread.start(drainOptions(options, ringBytes, wantsRows), {
    rows: (bytes, count, skipped) => {
      printer?.add(bytes, count);
      front?.rows(bytes, count, skipped);
      rules.rows(bytes, count, thread.ready);
    },
    rowsWanted: (skipped) => {
      front?.skipped(skipped);
      demand.answered();
    },
    clock: (offsetNs) => front?.setClockOffset(offsetNs),
    second: ({ ledger, summary, clockOffsetNs }) => {
      last = ledger;
      remember(ledger.interfaces);
      front?.second(ledger, summary, clockOffsetNs);
      rules.second(ledger.interfaces, Date.now());
    },
    ruleCounts: (counts) => rules.counts(counts),
    loaded: (ground, kernel) => rules.loaded(ground, kernel),
    notice: (message) => notice(message.notice),
    failed: (error) => {
      log.fatal({ err: error }, 'The drain thread failed; the interfaces are detached, unless the program is pinned.');
      process.exit(EXIT.failed);
    },
  }).catch(async (error: unknown) => {
    await rules.close(Date.now());
    await front?.close();
    throw error;
  });
  leaveWith(() => thread.stop());

  remember(thread.ready.interfaces);
  const encoding = output
    ? captureEncoding(output.format, (ifindex) => names.nameOf(ifindex))
    : consoleEncoding(options.print, nameOf, thread.ready.interfaces.length > 1);
  if (encoding) {
    printer = new ConsolePrinter({
      output: file ?? standardOutput(),
      ...encoding,
      stride: thread.ready.stride,
      recordOffset: thread.ready.recordOffset,
      onClosed: (error) => {
        if (!READER_GONE.has(error.code ?? '')) broken = error;
        stop.now('output closed');
      },
    });
    if (options.filter) printer.setFilter(compileFilter(options.filter, names));
    printer.setLimit(output?.count, () => stop.now('enough'));
  }
  const staying = new Staying(options.bpfFs, notice);
  await rules.pinBy(async (on) => staying.promised(await thread.pins.set(on)));
  front?.start(thread, demand, rules.desk, () => last?.interfaces ?? thread.ready.interfaces);
  await rules.serve();
  stop.onReload = () => {
    void rules.reload();
    if (places) void reloadPlaces(places, log);
  };
  greet(thread, front, options.filter ? filterWarnings(options.filter, names) : []);
  onReady();

  const why = await stop.asked;
  log.debug({ why }, 'ending');
  front?.notice({ at_ms: Date.now(), level: 'info', code: 'shutting_down', message: 'The loader is shutting down.' });
  await rules.close(Date.now());
  const { ledger, pinned } = await thread.stop();
  rules.finish();
  const quiet = why === 'output closed' && !broken;
  const goesOn = pinned !== undefined;
  const lastLine = !output && options.print === 'json' ? () => ledgerJson(ledger, counts(printer), goesOn) : undefined;
  await printer?.finish(lastLine, PRINT_MS);
  if (file) await closed(file);
  await front?.close();
  if (!quiet) for (const line of ledgerText(ledger, printer?.counts, { output: output?.name, goesOn })) say(line);
  if (goesOn) say(staying.farewell(ledger, pinned));
  if (broken) say(`packetlog: write to ${output?.name ?? 'standard output'}: ${broken.message}.`);
  return broken || isUncaught() ? EXIT.failed : EXIT.ok;
}

function warn(problems: readonly string[], notice: (told: Notice) => void): void {
  for (const message of problems) notice({ at_ms: Date.now(), level: 'warning', code: 'rules_fallback', message });
}

function counts(printer: ConsolePrinter | undefined): PrinterCounts {
  return printer?.counts ?? { console: 0, dropped: 0 };
}

async function openFront(options: RunOptions, places: Places | undefined, log: Logger): Promise<Front | undefined> {
  if (options.listen === 'off') return undefined;
  return Front.open({
    listen: options.listen,
    ui: uiDirectory(options.ui),
    allowOrigin: options.allowOrigin,
    allowNode: options.allowNode,
    token: process.env['PACKETLOG_TOKEN'],
    adminToken: process.env['PACKETLOG_ADMIN_TOKEN'],
    session: session(),
    clock: options.clock,
    processes: options.netns === undefined,
    reverseDns: options.reverseDns,
    places,
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

function drainOptions(options: RunOptions, ringBytes: number, wantsRows: boolean) {
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
    summaries: options.listen !== 'off',
    rowsPerSecond: wantsRows ? Number.POSITIVE_INFINITY : 0,
    pin: options.pin,
    bpfFs: options.bpfFs,
    takeOver: options.takeOver,
    stateDirectory: options.state.directory,
  };
}

/** For the person at the terminal; never through the logger, because of the token. */
function greet(thread: DrainThread, front: Front | undefined, warnings: readonly string[]): void {
  for (const { name, mode, mode_reason } of thread.ready.interfaces) {
    say(
      `Watching ${printableName(name)} (${mode.replace('_', ' with ')}${mode_reason ? `, because ${mode_reason}` : ''})`,
    );
  }
  const others = thread.ready.otherRoutes.map(printableName);
  if (others.length > 0)
    say(`Not watched, though there is a default route: ${others.join(', ')}. Name all interfaces with --iface.`);
  for (const warning of warnings) say(warning);
  if (front) {
    // A journal and whoever reads it get no tokens.
    const lines = process.stderr.isTTY ? servedUrls(front.served) : servedWithoutTokens(front.served);
    for (const line of lines) say(line);
    if (front.isExposed)
      say('Warning: others can reach this address, and it speaks plain HTTP. Put TLS in front of it.');
  }
  say('Waiting for Ctrl-C...');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
