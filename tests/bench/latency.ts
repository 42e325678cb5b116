/** Measures the age of a record when a client receives it, and the cost of an idle loader. */
import { setTimeout as delay } from 'node:timers/promises';
import { BenchLab, memoryMib, type Received, type Tool, usage } from './lab.ts';
import type { Peers } from './peers.ts';
import { type Report, say, table, text } from './report.ts';
import { rounded, type Spread, spread } from './statistics.ts';

/** Enough rounds for a median without a neighbour's bursts, each long enough for the loader's periodic work. */
const ROUNDS = 5;
const ALL_ROWS = 1_000_000;
const IDLE_MS = 30_000;
/** Until then V8 still compiles and collects, and the interface still sends router solicitations. */
const SETTLE_MS = 30_000;
/** Packets of a round for each rate in packets per second. */
const RATES: readonly (readonly [perSecond: number, packets: number])[] = [
  [10, 30],
  [1_000, 3_000],
  [100_000, 300_000],
];

/** At ten packets per second nothing warms up. */
const WARMING = RATES.slice(1);

export async function compareLatency(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  try {
    const tool = await lab.startPacketlog();
    report.section('idle', await measureIdle(tool));
    report.section('latency', await measureLatency(lab, tool));
    await tool.stop();
  } finally {
    await lab.close();
  }
}

/** Measures the loader on a quiet interface without clients. */
async function measureIdle(tool: Tool) {
  await delay(SETTLE_MS);
  const before = usage(tool.pid);
  const from = performance.now();
  await delay(IDLE_MS);
  const seconds = (performance.now() - from) / 1000;
  const after = usage(tool.pid);
  const idle = {
    seconds: rounded(seconds),
    cpu_percent: rounded((after.cpuNs - before.cpuNs) / seconds / 1e7),
    wakeups_per_s: rounded((after.sleeps - before.sleeps) / seconds),
    memory_mib: rounded(memoryMib(tool.pid)),
  };
  say(
    `\nIdle: ${text(idle.cpu_percent)} % of a CPU, ${text(idle.wakeups_per_s)} wake-ups/s of all threads, ${text(idle.memory_mib)} MiB`,
  );
  return idle;
}

interface Figures extends Received {
  readonly perSecond: number;
  readonly sent: number;
  readonly cpuNs: number;
  readonly seconds: number;
}

async function measureLatency(lab: BenchLab, tool: Tool) {
  const clients = await lab.startClients(1, ALL_ROWS);
  const all: Figures[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    for (const [perSecond, packets] of round < 0 ? WARMING : RATES) {
      await clients.ask('go');
      const before = usage(tool.pid).cpuNs;
      const { sent, elapsed_ns } = await lab.sendPaced(packets, perSecond);
      const cpuNs = usage(tool.pid).cpuNs - before;
      await delay(100);
      const received = await clients.ask<Received>('stop');
      if (received.records + (received.dropped[0] ?? 0) < sent) {
        throw new Error(`${sent} packets were sent, the client received ${received.records}`);
      }
      if (round >= 0) all.push({ ...received, perSecond, sent, cpuNs, seconds: elapsed_ns / 1e9 });
    }
  }
  await clients.end();

  const rows = RATES.map(([perSecond]) => {
    const rounds = all.filter((each) => each.perSecond === perSecond);
    const middle = (of: (figures: Figures) => number) =>
      rounded(rounds.map(of).sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN);
    return {
      packets_per_s: perSecond,
      p50_us: middle(({ p50_us }) => p50_us),
      p99_us: middle(({ p99_us }) => p99_us),
      p50_spread: spread(rounds.map(({ p50_us }) => p50_us)),
      p99_spread: spread(rounds.map(({ p99_us }) => p99_us)),
      batches_per_s: middle(({ batches, seconds }) => batches / seconds),
      loader_cpu_percent: middle(({ cpuNs, seconds }) => cpuNs / seconds / 1e7),
      lost: rounds.reduce((sum, { sent, records }) => sum + sent - records, 0),
    };
  });
  say(`\nFrom the packet to a socket client (medians of ${ROUNDS} rounds, least and most)`);
  const range = ({ min, max }: Spread) => `${text(min)} .. ${text(max)}`;
  table(
    ['packets/s', 'p50 us', '', 'p99 us', '', 'batches/s', 'loader CPU %', 'lost'],
    rows.map((row) => [
      text(row.packets_per_s),
      ...[text(row.p50_us), range(row.p50_spread), text(row.p99_us), range(row.p99_spread)],
      ...[row.batches_per_s, row.loader_cpu_percent, row.lost].map(text),
    ]),
  );
  return rows;
}
