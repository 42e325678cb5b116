/** Measures whether two CPUs that write at the same time slow each other down. There is no reader. */
import { Contestant, type ContestantOptions } from './contestant.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { ratios } from './statistics.ts';

/** A run takes 30 ms and other guests disturb it, so the candidate with a target runs in many rounds. */
const ROUNDS = 45;
/** The other candidates run in every third round. */
const OTHERS_EACH = 3;
/** Packets per run of two CPUs: they fit into a ring that both share. */
const PACKETS = 400_000;

const WITH_TARGET = 'PacketLog';
const ENTRIES: Readonly<Record<string, ContestantOptions>> = {
  [WITH_TARGET]: { transport: 'array', clock: 'precise', reader: 'packetlog' },
  'PacketLog, cached clock': { transport: 'array', clock: 'cached', reader: 'packetlog' },
  'PacketLog, --transport ring': { transport: 'ring', clock: 'precise', reader: 'packetlog' },
  'one kernel ring for all CPUs': { transport: 'ring', clock: 'precise', reader: 'shared' },
};

/** Returns the sum of the packets per second of these CPUs. */
async function write(contestant: Contestant, cpus: string): Promise<number> {
  const { xdp_ns, ring_full } = await contestant.runUnread({ packets: PACKETS, cpus });
  if (ring_full > 0) throw new Error('the ring was full: the figures cannot be compared');
  return xdp_ns.reduce((sum, ns) => sum + 1e9 / ns, 0);
}

export async function compareScaling(peers: Peers, report: Report): Promise<void> {
  const contestants = new Map<string, Contestant>();
  for (const [name, options] of Object.entries(ENTRIES)) contestants.set(name, await Contestant.open(peers, options));
  const one = new Rounds();
  const two = new Rounds();
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, contestant] of contestants) {
      if (name !== WITH_TARGET && round > 0 && round % OTHERS_EACH !== 0) continue;
      const alone = ((await write(contestant, '0')) + (await write(contestant, '1'))) / 2;
      const both = await write(contestant, '0,1');
      // The first round warms up.
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
    `\nWriting only, into rings that hold every record (medians of ${ROUNDS} rounds, of the others ${ROUNDS / OTHERS_EACH})`,
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
  report.ratio('scaling_two_cpus', scaling.get(WITH_TARGET) ?? []);
}
