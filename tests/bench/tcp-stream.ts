/** What is left of one TCP stream through a veth pair when a program is attached to the receiving end. */
import { BenchLab } from './lab.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { ratios } from './statistics.ts';

const ROUNDS = 7;
const SECONDS = 1;

type Mode = 'native' | 'generic';

interface Attached {
  readonly name: string;
  end(): Promise<unknown>;
}

/** Of the mode that PacketLog picks, and of native, which veth pays for with its segmentation offload. */
const PACKETLOG = 'PacketLog, --mode auto';
const EMPTY = 'an XDP program that only passes, same mode';
const NATIVE = 'PacketLog, --mode native';
const EMPTY_NATIVE = 'an XDP program that only passes, native';

export async function compareTcpStream(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  try {
    await compare(lab, report);
  } finally {
    await lab.close();
  }
}

async function compare(lab: BenchLab, report: Report): Promise<void> {
  const mode = await pickedMode(lab);
  const entries: readonly (() => Promise<Attached>)[] = [
    () => packetlog(lab, PACKETLOG, mode),
    () => empty(lab, EMPTY, mode),
    ...(mode === 'native'
      ? []
      : [() => packetlog(lab, NATIVE, 'native' as const), () => empty(lab, EMPTY_NATIVE, 'native' as const)]),
  ];
  const gbits = new Rounds();
  const toBare = new Rounds();
  await lab.streamTcp(SECONDS, 'watched');
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < entries.length; i++) {
      const attached = await (entries[(i + round) % entries.length] as (typeof entries)[number])();
      const bare = await lab.streamTcp(SECONDS, 'bare');
      const watched = await lab.streamTcp(SECONDS, 'watched');
      await attached.end();
      gbits.add(attached.name, watched / 1e9);
      gbits.add('nothing attached', bare / 1e9);
      toBare.add(attached.name, watched / bare);
    }
  }

  const names = [PACKETLOG, EMPTY, ...(mode === 'native' ? [] : [NATIVE, EMPTY_NATIVE])];
  say(`\nOne TCP stream through a veth pair (medians of ${ROUNDS} rounds); --mode auto picks ${mode}`);
  table(
    ['', 'Gbit/s', 'of the stream with nothing attached'],
    [
      ['nothing attached', text(gbits.median('nothing attached')), ''],
      ...names.map((name) => [name, text(gbits.median(name)), text(toBare.median(name))]),
    ],
  );
  report.section('tcp_stream', {
    mode_of_auto: mode,
    seconds: SECONDS,
    'nothing attached': { gbit_per_s: gbits.spread('nothing attached') },
    ...Object.fromEntries(
      names.map((name) => [name, { gbit_per_s: gbits.spread(name), vs_bare: toBare.spread(name) }]),
    ),
  });
  report.ratio('tcp_stream_vs_bare', toBare.of(PACKETLOG));
  report.ratio('tcp_stream_vs_empty_program', ratios(toBare.of(PACKETLOG), toBare.of(EMPTY)));
}

async function pickedMode(lab: BenchLab): Promise<Mode> {
  const { mode, stop } = await lab.startPacketlogAsItPicks();
  await stop();
  return mode;
}

async function packetlog(lab: BenchLab, name: string, mode: Mode): Promise<Attached> {
  const { stop } = await lab.startPacketlog('--mode', mode);
  return { name, end: stop };
}

async function empty(lab: BenchLab, name: string, mode: Mode): Promise<Attached> {
  const nothing = await lab.startNothing(mode);
  return { name, end: () => nothing.end() };
}
