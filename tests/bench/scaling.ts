/** Two CPUs write at once, nobody reads: whether writers get into each other's way. */
import { Contestant, type ContestantOptions } from './contestant.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { ratios } from './statistics.ts';

/** A run is 30 ms, and what neighbours do then is in it: many of what is judged, */
const ROUNDS = 45;
/** and of the others in each third round. */
const OTHERS_EACH = 3;
/** Of two CPUs: they fit a ring that both share. */
const PACKETS = 400_000;

const JUDGED = 'PacketLog';
const ENTRIES: Readonly<Record<string, ContestantOptions>> = {
  [JUDGED]: { transport: 'array', clock: 'precise', way: 'packetlog' },
  'PacketLog, cached clock': { transport: 'array', clock: 'cached', way: 'packetlog' },
  'PacketLog, --transport ring': { transport: 'ring', clock: 'precise', way: 'packetlog' },
  'one kernel ring for all CPUs': { transport: 'ring', clock: 'precise', way: 'shared' },
};

/** Packets per second of all these CPUs together. */
async function write(contestant: Contestant, cpus: string): Promise<number> {
  const { xdp_ns, ring_full } = await contestant.runUnread({ packets: PACKETS, cpus });
  if (ring_full > 0) throw new Error('the ring was full: the figures are not of the same work');
  return xdp_ns.reduce((sum, ns) => sum + 1e9 / ns, 0);
}

export async function compareScaling(peers: Peers, report: Report): Promise<void> {
  const contestants = new Map<string, Contestant>();
  for (const [name, options] of Object.entries(ENTRIES)) contestants.set(name, await Contestant.open(peers, options));
  const one = new Rounds();
  const two = new Rounds();
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, contestant] of contestants) {
      if (name !== JUDGED && round > 0 && round % OTHERS_EACH !== 0) continue;
      const alone = ((await write(contestant, '0')) + (await write(contestant, '1'))) / 2;
      const both = await write(contestant, '0,1');
      // The first one warms up.
      if (round < 0) continue;
      one.add(name, alone);
      two.add(name, both);
    }
  }
  for (const contestant of contestants.values()) await contestant.close();

  const names = Object.keys(ENTRIES);
  const scaling = new Map(names.map((name) => [name, ratios(two.of(name), one.of(name))]));
  const scaled = new Rounds();
  for (const [name, values] of scaling) for (const value of values) scaled.add(name, value);
  say(
    `\nWriting only, into rings that hold it all (medians of ${ROUNDS} rounds, of the others ${ROUNDS / OTHERS_EACH})`,
  );
  table(
    ['', 'one CPU, records/s', 'two CPUs', 'scaling'],
    names.map((name) => [name, text(one.median(name)), text(two.median(name)), `${text(scaled.median(name))}x`]),
  );
  report.section(
    'scaling',
    Object.fromEntries(
      names.map((name) => [
        name,
        { one_cpu_per_s: one.spread(name), two_cpus_per_s: two.spread(name), scaling: scaled.spread(name) },
      ]),
    ),
  );
  report.ratio('scaling_two_cpus', scaling.get(JUDGED) ?? []);
}
