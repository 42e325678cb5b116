/** Measures whether clients that do not read delay the others. */
import type { Dialogue } from '../lab/dialogue.ts';
import { PRODUCER_CPU } from './contestant.ts';
import { BenchLab, type Received } from './lab.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { ratios } from './statistics.ts';

/** Each round runs once without and once with stalled clients, in direct succession. */
const ROUNDS = 12;
const CLIENTS = 50;
const STALLED = CLIENTS / 10;
const ALL_ROWS = 1_000_000;
const PER_SECOND = 2_000;
/** Whole seconds, so that each round has the same number of the reports that clients receive once a second. */
const SECONDS = 2;
/** Fills the buffers of kernel and loader for a client that does not read. */
const FLOOD = { packets: 60_000, perSecond: 100_000 };
/** Minimum, default and maximum bytes of a connection's buffers; without this the kernel buffers up to 32 MiB each. */
const SMALL_BUFFERS = '4096 65536 262144';
/** The flood is over when the reading clients have received nothing for this time. */
const QUIET_MS = 100;

export async function compareFanout(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  try {
    await lab.network.server.setSysctls({ 'net/ipv4/tcp_rmem': SMALL_BUFFERS, 'net/ipv4/tcp_wmem': SMALL_BUFFERS });
    const tool = await lab.startPacketlog();
    const clients = await lab.startClients(CLIENTS, ALL_ROWS, PRODUCER_CPU);
    await compare(lab, clients, report);
    await clients.end();
    await tool.stop();
  } finally {
    await lab.close();
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

async function compare(lab: BenchLab, clients: Dialogue, report: Report): Promise<void> {
  const p50 = new Rounds();
  const p99 = new Rounds();
  let dropped = 0;
  for (let round = -1; round < ROUNDS; round++) {
    for (const stalled of round % 2 === 0 ? [0, STALLED] : [STALLED, 0]) {
      const before = (await clients.ask<Received>('stop')).dropped;
      await clients.ask(`stall ${stalled}`);
      await lab.sendPaced(FLOOD.packets, FLOOD.perSecond);
      await clients.ask(`quiet ${QUIET_MS}`);
      // Measure the same clients whether the others read or not.
      await clients.ask(`go ${STALLED}`);
      await lab.sendPaced(PER_SECOND * SECONDS, PER_SECOND);
      const received = await clients.ask<Received>('stop');
      await clients.ask('flow');
      await clients.ask(`quiet ${QUIET_MS}`);
      const after = (await clients.ask<Received>('stop')).dropped;
      const name = stalled > 0 ? 'stalled' : 'all';
      if (round < 0) continue;
      p50.add(name, received.p50_us);
      p99.add(name, received.p99_us);
      if (stalled > 0) dropped += sum(after) - sum(before);
    }
  }
  if (dropped === 0) throw new Error('the clients that did not read lost nothing: they were not stalled');

  say(
    `\n${CLIENTS} clients, ${PER_SECOND} packets/s to each: age of a record when it arrives (medians of ${ROUNDS} rounds)`,
  );
  table(
    ['', 'p50 us', 'p99 us'],
    [
      [`all read; ${CLIENTS - STALLED} of them`, text(p50.median('all')), text(p99.median('all'))],
      [`${STALLED} do not read; the others`, text(p50.median('stalled')), text(p99.median('stalled'))],
    ],
  );
  report.section('fanout', {
    clients: CLIENTS,
    stalled: STALLED,
    packets_per_s: PER_SECOND,
    dropped_for_stalled_clients: dropped,
    all_read: { p50_us: p50.spread('all'), p99_us: p99.spread('all') },
    some_stalled: { p50_us: p50.spread('stalled'), p99_us: p99.spread('stalled') },
  });
  report.ratio('fanout_stalled_penalty', ratios(p99.of('stalled'), p99.of('all')));
}
