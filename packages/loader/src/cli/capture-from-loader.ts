/** `packetlog capture` while a loader runs: requests the records like any client, and does not touch the interfaces. */
import { connect, PacketLogError, type PacketStream } from '@packetlog/client';
import {
  allOf,
  anyOf,
  type Filter,
  formatFilter,
  type Ledger,
  MAX_ROWS_PER_SECOND,
  PACKET_LOG_SIZE,
  type PacketLogBatch,
} from '@packetlog/common';
import { EXIT } from '../errors/exit-codes.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { ControlSession } from '../ipc/control-session.ts';
import { InterfaceNames } from '../ipc/interface-table.ts';
import { captureEncoding } from '../print/capture-format.ts';
import { ConsolePrinter, type Omitted, type PrinterCounts } from '../print/console-printer.ts';
import { ControlClient, NoLoaderError } from '../rules/control/control-client.ts';
import { checkStateDirectory } from '../rules/store/state-directory.ts';
import { printableName } from '../system/interface-name.ts';
import { networkNamespaceId } from '../system/network-namespace.ts';
import type { RunOptions } from './options/run-settings.ts';
import { closed, PRINT_MS, READER_GONE, type RecordOutput } from './process/record-output.ts';
import type { Stop } from './process/stop.ts';
import { printableLines } from './process/terminal-text.ts';
import { unreachable } from './process/unreachable.ts';

type Wanted = Pick<RunOptions, 'iface' | 'filter' | 'netns' | 'state'>;

export interface RunningLoader {
  readonly control: ControlClient;
  readonly session: ControlSession;
}

/**
 * Returns the loader that watches the requested network namespace; undefined if there is none. Throws SetupError.
 */
export async function runningLoader({ state, netns }: Wanted): Promise<RunningLoader | undefined> {
  checkStateDirectory(state);
  const requested = networkNamespaceId(netns);
  const control = new ControlClient(state.controlSocket, { user: 'root' });
  try {
    const session = await control.session();
    return session.network_namespace === requested ? { control, session } : undefined;
  } catch (cause) {
    if (cause instanceof NoLoaderError) return undefined;
    throw unreachable(state.controlSocket, cause, 'packetlog capture …');
  }
}

/** Resolves with the exit code; throws SetupError if the loader cannot send the records. */
export async function captureFromLoader(
  { control, session }: RunningLoader,
  wanted: Wanted,
  output: RecordOutput,
  stop: Stop,
  onReady: () => void,
): Promise<number> {
  const { url, local_url = url, token, certificate } = requireServed(session);
  requireWatched(session, wanted.iface);
  const names = new InterfaceNames();
  names.learn(session.interfaces);
  const file = output.open();
  let broken: NodeJS.ErrnoException | undefined;
  const printer = new ConsolePrinter({
    output: file,
    ...captureEncoding(output.format, (ifindex) => names.nameOf(ifindex)),
    stride: PACKET_LOG_SIZE,
    recordOffset: 0,
    onClosed: (error) => {
      broken = error;
      stop.now('output closed');
    },
  });
  printer.setLimit(output.count, () => stop.now('packet limit'));
  const filter = formatFilter(filterOf(wanted));
  await using client = await connect(local_url, { token, ...(certificate !== undefined && { certificate }) }).catch(
    throwSetupError,
  );
  const stream = client.packets({ filter, maxRowsPerSecond: MAX_ROWS_PER_SECOND });
  void stop.requested.then(() => stream.return());
  say(`Recording from the running packetlog (pid ${session.pid}): ${watchedNames(session)}.`);
  say('Waiting for Ctrl-C...');
  onReady();
  try {
    for await (const batch of stream) printer.add(recordsOf(batch), batch.length, omittedBy(stream));
  } catch (error) {
    throwSetupError(error);
  }
  printer.add(new Uint8Array(0), 0, omittedBy(stream));
  const after = await control.session().catch(() => undefined);
  await printer.finish(undefined, PRINT_MS);
  await closed(file);
  if (broken && READER_GONE.has(broken.code ?? '')) return EXIT.ok;
  for (const line of report(output.name, printer.counts, stream)) say(line);
  say(kernelText(session, after));
  if (broken) say(`packetlog: write to ${output.name}: ${broken.message}.`);
  return broken ? EXIT.failed : EXIT.ok;
}

/** Combines the requested interfaces and the filter into one filter. */
function filterOf({ iface, filter }: Wanted): Filter {
  const chosen = iface.length > 0 ? [anyOf(iface.map((name) => ({ kind: 'interface', name }) as const))] : [];
  return allOf([...chosen, ...(filter ? [filter] : [])]);
}

function omittedBy({ lost, withheld, filtered }: PacketStream): Omitted {
  return { dropped: lost.byLoader + lost.byQueue, withheld, filtered };
}

function recordsOf(batch: PacketLogBatch): Uint8Array {
  const bytes = new Uint8Array(batch.length * PACKET_LOG_SIZE);
  for (let i = 0; i < batch.length; i++) batch.copyRecord(i, bytes, i * PACKET_LOG_SIZE);
  return bytes;
}

function requireServed({ pid, served }: ControlSession): NonNullable<ControlSession['served']> {
  if (served) return served;
  throw new SetupError({
    step: 'capture from',
    target: `the running loader (pid ${pid})`,
    problem: 'it has no server (--listen off)',
    next: 'Restart it without --listen off, or stop it.',
    exit: 'busy',
  });
}

function requireWatched(session: ControlSession, wanted: readonly string[]): void {
  const missing = wanted.find((name) => session.interfaces.every((each) => each.name !== name));
  if (missing === undefined) return;
  throw new SetupError({
    step: 'capture on',
    target: printableName(missing),
    problem: `the running loader (pid ${session.pid}) watches only ${watchedNames(session)}`,
    next: `Name one of these, or restart the loader with --iface ${printableName(missing)} added.`,
    exit: 'not_found',
  });
}

function watchedNames({ interfaces }: ControlSession): string {
  return interfaces.map(({ name }) => printableName(name)).join(', ');
}

function throwSetupError(cause: unknown): never {
  if (!(cause instanceof PacketLogError)) throw cause;
  throw new SetupError({
    step: 'capture from',
    target: 'the running loader',
    problem: cause.message.replace(/\.$/, ''),
    exit: 'failed',
    cause,
  });
}

function report(name: string, counts: PrinterCounts, stream: PacketStream): string[] {
  const { byLoader, byQueue } = stream.lost;
  const lost = counts.dropped + byLoader + byQueue + stream.withheld;
  const rest = stream.filtered > 0 ? `, ${number(stream.filtered)} filtered` : '';
  const lines = [`${name}: ${number(counts.console)} written${rest}, ${number(lost)} lost after the ring`];
  if (stream.interruptions > 0)
    lines.push(
      `The connection to the loader was interrupted ${number(stream.interruptions)} times: packets that arrived then are missing.`,
    );
  return lines;
}

/** Describes the packets that were not recorded during the capture, from the loader's counters before and after. */
function kernelText(before: ControlSession, after: ControlSession | undefined): string {
  if (after?.pid !== before.pid) return 'Losses in the ring are unknown: the loader has exited.';
  const lost = sum(after.interfaces, 'ring_full') - sum(before.interfaces, 'ring_full');
  const sampled = sum(after.interfaces, 'sampled_out') - sum(before.interfaces, 'sampled_out');
  const rest = sampled > 0 ? `, ${number(sampled)} not recorded: sampling` : '';
  return `The loader during the capture (to the second): ${number(lost)} lost in the ring${rest}.`;
}

function sum(interfaces: Ledger['interfaces'], counter: 'ring_full' | 'sampled_out'): number {
  return interfaces.reduce((total, { counters }) => total + counters[counter], 0);
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function say(line: string): void {
  process.stderr.write(`${printableLines(line)}\n`);
}
