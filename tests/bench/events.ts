/** Measures packets per second through one program with different readers, as fast as one CPU sends. */
import { type Clock, Contestant, type ContestantOptions, type Outcome, PRODUCER_CPU, produce } from './contestant.ts';
import { startDialogue } from './dialogue.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { ratios } from './statistics.ts';

const ROUNDS = 15;

interface Entry extends ContestantOptions {
  readonly name: string;
  readonly packets: number;
}

const FAST = 4_000_000;
const entry = (
  name: string,
  transport: Entry['transport'],
  reader: Entry['reader'],
  clock: Clock,
  packets = FAST,
): Entry => ({
  name,
  transport,
  reader,
  clock,
  packets,
});

const PERF = 'perf events, wake-up each, C libbpf';
const POLL = 'kernel ring, ring_buffer__poll, C';
const BEST = 'kernel ring, spans each ms, C';
const BEST_CACHED = `${BEST}, cached clock`;
const ARRAY_C = 'array ring, spans each ms, C';
const PACKETLOG = 'PacketLog';
const PACKETLOG_CACHED = 'PacketLog, cached clock';
const PACKETLOG_RING = 'PacketLog, --transport ring';

const ENTRIES: readonly Entry[] = [
  entry(PERF, 'perf', 'perf', 'precise', 25_000),
  entry(POLL, 'ring', 'poll', 'precise', 600_000),
  entry(BEST, 'ring', 'span', 'precise'),
  entry(BEST_CACHED, 'ring', 'span', 'cached'),
  entry(ARRAY_C, 'array', 'array', 'precise'),
  entry(PACKETLOG, 'array', 'packetlog', 'precise'),
  entry(PACKETLOG_CACHED, 'array', 'packetlog', 'cached'),
  entry(PACKETLOG_RING, 'ring', 'packetlog', 'precise'),
];

/** Packets per second of the time in the kernel's loop, without the preparation of the test run. */
const perSecond = ({ kept, sent, xdpNs }: Outcome) => (kept / (sent * xdpNs)) * 1e9;

export async function compareEvents(peers: Peers, report: Report): Promise<void> {
  const contestants = new Map<string, Contestant>();
  const passing = startDialogue({ cpus: PRODUCER_CPU }, [peers.generator, 'pass', peers.generatorObject]);
  const { program } = await passing.ask<{ program: number }>();
  for (const options of ENTRIES) contestants.set(options.name, await Contestant.open(peers, options));
  const rate = new Rounds();
  const xdp = new Rounds();
  const cpu = new Rounds();
  const lost = new Map<string, number>();
  const harness = new Rounds();
  for (let round = -1; round < ROUNDS; round++) {
    const bare = await produce(peers, program, { packets: FAST, cpus: PRODUCER_CPU, perSecond: 0 });
    if (round >= 0) harness.add('harness', bare.xdp_ns[0] ?? Number.NaN);
    for (let i = 0; i < ENTRIES.length; i++) {
      // Each round begins with another reader, so that disturbances of the machine are spread over all.
      const { name, packets } = ENTRIES[(i + round + ENTRIES.length) % ENTRIES.length] as Entry;
      const outcome = await (contestants.get(name) as Contestant).run({ packets });
      // The first round warms up: V8 compiles, and the memory is touched.
      if (round < 0) continue;
      rate.add(name, perSecond(outcome));
      xdp.add(name, outcome.xdpNs);
      cpu.add(name, outcome.cpuNs / Math.max(1, outcome.kept));
      lost.set(name, (lost.get(name) ?? 0) + outcome.sent - outcome.kept);
      if (outcome.produced.emitted !== outcome.kept) {
        throw new Error(`${name}: the program wrote ${outcome.produced.emitted}, the reader read ${outcome.kept}`);
      }
    }
  }
  for (const contestant of contestants.values()) await contestant.close();
  await passing.end();

  say(`\nOne CPU sends as fast as it can, another reads (medians of ${ROUNDS} rounds)`);
  table(
    ['', 'ns per packet in XDP', 'kept/s', 'lost', 'reader CPU ns/packet'],
    ENTRIES.map(({ name }) => [
      name,
      text(xdp.median(name)),
      text(rate.median(name)),
      text(lost.get(name) ?? 0),
      text(cpu.median(name)),
    ]),
  );
  say(`  (of each: ${text(harness.median('harness'))} ns harness and empty program)`);
  report.section('events', {
    harness_ns: harness.spread('harness'),
    ...Object.fromEntries(
      ENTRIES.map(({ name, packets }) => [
        name,
        {
          packets_per_round: packets,
          xdp_ns: xdp.spread(name),
          kept_per_s: rate.spread(name),
          reader_cpu_ns: cpu.spread(name),
          lost: lost.get(name),
        },
      ]),
    ),
  });
  const faster = (than: string, who: string) => ratios(rate.of(who), rate.of(than));
  report.ratio('events_per_s_vs_perf_wakeup', faster(PERF, PACKETLOG));
  report.ratio('events_per_s_vs_libbpf_ring_poll', faster(POLL, PACKETLOG));
  report.ratio('events_per_s_vs_best_c', faster(BEST, PACKETLOG));
  report.ratio('reader_cpu_vs_libbpf_ring_poll', ratios(cpu.of(PACKETLOG), cpu.of(POLL)));
  report.ratio('cached_clock_events_per_s_vs_perf_wakeup', faster(PERF, PACKETLOG_CACHED));
  report.ratio('cached_clock_events_per_s_vs_libbpf_ring_poll', faster(POLL, PACKETLOG_CACHED));
  report.ratio('cached_clock_events_per_s_vs_best_c', faster(BEST, PACKETLOG_CACHED));
  report.ratio('cached_clock_events_per_s_vs_best_c_cached_clock', faster(BEST_CACHED, PACKETLOG_CACHED));
  report.ratio('reader_cpu_vs_c_on_the_same_ring', ratios(cpu.of(PACKETLOG), cpu.of(ARRAY_C)));
}
