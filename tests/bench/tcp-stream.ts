/** Measures the speed of a TCP stream through a veth pair with a program attached to the receiving end. */
import { BenchLab } from './lab.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { shuffled } from './statistics.ts';
import { TcpStreams } from './streams.ts';

/** On a busy machine the quartiles of a round's ratio are 0.8 and 1.2; the standard error of 300 is then 0.02. */
const ROUNDS = 300;
/** Rounds in native mode, where the ratio is a third and has no target. */
const NATIVE_ROUNDS = 30;
/** Rounds that are not counted, while buffers and windows grow. */
const WARM_UP_ROUNDS = 5;
/** About 50 ms, so that disturbances by other guests affect all pieces of a round alike. */
const PIECE_BYTES = 64 << 20;

type Mode = 'native' | 'generic';

interface Names {
  readonly packetlog: string;
  readonly empty: string;
}

/** Each program stays on its own cable: streams take turns within a round, not starts of programs. */
const PACKETLOG_CABLE = 0;
const BARE_CABLE = 1;
const EMPTY_CABLE = 2;

const BARE = 'nothing attached';
/** The bare cable again in each round: its ratio shows the error of the method. */
const BARE_AGAIN = 'nothing attached, again';

/** Results of the mode that PacketLog selects, and of native mode, in which veth loses segmentation offload. */
const PACKETLOG = 'PacketLog, --mode auto';
const EMPTY = 'an XDP program that only passes, same mode';
const NATIVE = 'PacketLog, --mode native';
const EMPTY_NATIVE = 'an XDP program that only passes, native';

export async function compareTcpStream(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers, 3);
  try {
    const streams = await TcpStreams.open(lab.network, peers, PIECE_BYTES);
    await compare(lab, streams, report);
    await streams.close();
  } finally {
    await lab.close();
  }
}

async function compare(lab: BenchLab, streams: TcpStreams, report: Report): Promise<void> {
  const mode = await pickedMode(lab);
  const rounds = new StreamRounds(streams);
  await rounds.measure(lab, mode, ROUNDS, { packetlog: PACKETLOG, empty: EMPTY });
  if (mode !== 'native') {
    await rounds.measure(lab, 'native', NATIVE_ROUNDS, { packetlog: NATIVE, empty: EMPTY_NATIVE });
  }

  const { gbits, toBare, senderCpu } = rounds;
  const names = [BARE_AGAIN, PACKETLOG, EMPTY, ...(mode === 'native' ? [] : [NATIVE, EMPTY_NATIVE])];
  say(
    `\nA TCP stream through a veth pair (medians of ${ROUNDS} rounds, ${NATIVE_ROUNDS} in native mode); --mode auto picks ${mode}`,
  );
  table(
    ['', 'Gbit/s', 'of the stream with nothing attached', "the sender's CPU time, to the same"],
    [
      [BARE, text(gbits.median(BARE)), '', ''],
      ...names.map((name) => [name, text(gbits.median(name)), text(toBare.median(name)), text(senderCpu.median(name))]),
    ],
  );
  report.section('tcp_stream', {
    mode_of_auto: mode,
    piece_bytes: PIECE_BYTES,
    [BARE]: { gbit_per_s: gbits.spread(BARE) },
    ...Object.fromEntries(
      names.map((name) => [
        name,
        {
          gbit_per_s: gbits.spread(name),
          vs_bare: toBare.spread(name),
          sender_cpu_vs_bare: senderCpu.spread(name),
        },
      ]),
    ),
  });
  report.ratio('tcp_stream_vs_bare', toBare.of(PACKETLOG));
  report.ratio('tcp_stream_vs_empty_program', rounds.toEmpty.of(PACKETLOG));
}

/** Sends pieces through the three cables in random order, and returns the ratios within each round. */
class StreamRounds {
  readonly gbits = new Rounds();
  readonly toBare = new Rounds();
  readonly toEmpty = new Rounds();
  readonly senderCpu = new Rounds();
  readonly #streams: TcpStreams;

  constructor(streams: TcpStreams) {
    this.#streams = streams;
  }

  async measure(lab: BenchLab, mode: Mode, count: number, names: Names): Promise<void> {
    const packetlog = await lab.startPacketlog('--mode', mode);
    const empty = await lab.startPassing(mode, lab.network.links[EMPTY_CABLE]);
    for (let round = -WARM_UP_ROUNDS; round < count; round++) await this.#round(names, round >= 0);
    await empty.end();
    await packetlog.stop();
  }

  async #round({ packetlog, empty }: Names, counts: boolean): Promise<void> {
    const turns = [
      [packetlog, PACKETLOG_CABLE],
      [empty, EMPTY_CABLE],
      [BARE, BARE_CABLE],
      [BARE_AGAIN, BARE_CABLE],
    ] as const;
    const elapsed = new Map<string, number>();
    const cpu = new Map<string, number>();
    for (const [name, cable] of shuffled(turns)) {
      const { elapsed_ns, sender_cpu_ns } = await this.#streams.send(cable);
      elapsed.set(name, elapsed_ns);
      cpu.set(name, sender_cpu_ns);
    }
    if (!counts) return;
    const ratio = (of: Map<string, number>, a: string, b: string) => (of.get(a) ?? Number.NaN) / (of.get(b) ?? 0);
    for (const [name, ns] of elapsed) {
      this.gbits.add(name, (PIECE_BYTES * 8) / ns);
      if (name === BARE) continue;
      this.toBare.add(name, ratio(elapsed, BARE, name));
      this.senderCpu.add(name, ratio(cpu, name, BARE));
    }
    this.toEmpty.add(packetlog, ratio(elapsed, empty, packetlog));
  }
}

async function pickedMode(lab: BenchLab): Promise<Mode> {
  const { mode, stop } = await lab.startPacketlogAsItPicks();
  await stop();
  return mode;
}
