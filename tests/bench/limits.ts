/** Measures what a limit per source costs: in test runs of the program, and through a veth pair beside other tools. */
import { PRODUCER_CPU } from './contestant.ts';
import { result } from './dialogue.ts';
import { BenchLab } from './lab.ts';
import {
  HASHLIMIT,
  LIMIT,
  type LimitTool,
  LRU,
  limitTools,
  NFT_METER,
  NFT_METER_NETDEV,
  PACKETLOG,
} from './limit-tools.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { median, ratios, spread } from './statistics.ts';

const RUN_ROUNDS = 7;
const ROUNDS = 5;
const SENDS = 3;
const FRAMES = 300_000;
const ATTEMPTS = 5;
/** Each source sends 100 times its limit, or far less than it. */
const FEW_SOURCES = 1000;
const MANY_SOURCES = 1_000_000;
const COUNTS = [FEW_SOURCES, MANY_SOURCES] as const;

interface InTestRuns {
  /** By number of sources, 0 = random ones. */
  readonly added: Readonly<
    Record<string, { readonly limit_ns: number[]; readonly alone_ns: number[]; readonly lru_ns: number[] }>
  >;
  readonly cells_full_ns: number[];
  readonly no_limit: { readonly limits_ns: number[]; readonly without_ns: number[] };
}

const RATIOS = {
  limit_ns_vs_nft_meter: NFT_METER,
  limit_ns_vs_nft_meter_netdev: NFT_METER_NETDEV,
  limit_ns_vs_hashlimit: HASHLIMIT,
  limit_ns_vs_lru_hash: LRU,
} as const;

export async function compareLimits(peers: Peers, report: Report): Promise<void> {
  const inRuns = await compareTestRuns(peers, report);
  const lab = await BenchLab.open(peers);
  try {
    await lab.network.server.ip(`route add 198.0.0.0/10 dev ${lab.network.link.server.device}`);
    await lab.network.server.exec('nft', SINK);
    await addLimit(lab);
    report.section('limits', {
      in_test_runs: inRuns,
      through_veth: await compare(lab, limitTools(lab, peers), report),
    });
  } finally {
    await lab.close();
  }
}

async function compareTestRuns(peers: Peers, report: Report) {
  const { limits, randomSourceObject, lruLimitObject, packetlogObject, withoutLimitsObject } = peers;
  const objects = [randomSourceObject, lruLimitObject, packetlogObject, withoutLimitsObject];
  const command = [process.execPath, limits, ...objects, String(RUN_ROUNDS)];
  const { added, cells_full_ns, no_limit } = await result<InTestRuns>({ cpus: PRODUCER_CPU }, command);
  const idle = no_limit.limits_ns.map((ns, round) => ns - (no_limit.without_ns[round] ?? Number.NaN));
  const sources = Object.entries(added);

  say(`\nA limit of ${LIMIT} per source in test runs, ns added to a packet (medians of ${RUN_ROUNDS} rounds)`);
  table(
    ['sources', 'PacketLog, to other rules', 'to no rules', LRU],
    sources.map(([count, { limit_ns, alone_ns, lru_ns }]) => [
      count === '0' ? 'random' : text(Number(count)),
      ...[limit_ns, alone_ns, lru_ns].map((ns) => text(median(ns))),
    ]),
  );
  say(`all cells full: ${text(median(cells_full_ns))}; no limit set: ${text(median(idle))}`);
  const ofMany = added[MANY_SOURCES];
  report.figure('limit_ns', Math.max(median(ofMany?.limit_ns ?? []), median(added['0']?.limit_ns ?? [])));
  report.figure('limit_cells_full_ns', median(cells_full_ns));
  report.figure('no_limit_ns', median(idle));
  return {
    added: Object.fromEntries(
      sources.map(([count, { limit_ns, alone_ns, lru_ns }]) => [
        count === '0' ? 'random' : count,
        { limit_ns: spread(limit_ns), alone_ns: spread(alone_ns), lru_ns: spread(lru_ns) },
      ]),
    ),
    cells_full_ns: spread(cells_full_ns),
    no_limit_ns: spread(idle),
  };
}

/** Drops and counts what the tools pass, so that the stack does the same with it for all of them. */
const SINK = `table ip sink {
  chain passed { type filter hook prerouting priority 0; policy accept; udp dport 443 counter drop; }
}`;

/** Returns the packets that reached the sink. */
async function passedPackets({ network }: BenchLab): Promise<number> {
  const listed = await network.server.exec('nft', 'list', 'table', 'ip', 'sink');
  return Number(/counter packets (\d+)/.exec(listed)?.[1]);
}

/** Stores the limit in the lab's state directory: every PacketLog that it starts enforces it, unless it says otherwise. */
async function addLimit(lab: BenchLab): Promise<void> {
  const tool = await lab.startPacketlog();
  await lab.rules('add', 'limit', 'any', '--rate', LIMIT, '--enforce', '--now', '--force');
  await lab.rules('confirm');
  await tool.stop();
}

async function compare(lab: BenchLab, tools: readonly LimitTool[], report: Report) {
  const key = (name: string, sources: number) => `${name} ${sources}`;
  const ns = new Rounds();
  const passed = new Rounds();
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < tools.length; i++) {
      const { name, start } = tools[(i + round) % tools.length] as LimitTool;
      const end = await start();
      for (const sources of COUNTS) {
        const measured = await measure(lab, name, sources);
        ns.add(key(name, sources), measured.ns);
        passed.add(key(name, sources), measured.passedShare * 100);
      }
      await end();
    }
  }
  const without = Object.fromEntries(tools.map((tool) => [tool.name, tool.without]));
  const added = (name: string, sources: number) =>
    ns
      .of(key(name, sources))
      .map((value, round) => value - (ns.of(key(without[name] ?? '', sources))[round] ?? Number.NaN));
  const limiting = tools.filter((tool) => tool.without !== tool.name);

  say(`\nThe same through a veth pair, beside other tools (medians of ${ROUNDS} rounds)`);
  table(
    ['', `ns added, ${text(MANY_SOURCES)} sources`, `ns in all, ${text(FEW_SOURCES)} over their limit`, 'passed %'],
    limiting.map(({ name }) => [
      name,
      text(median(added(name, MANY_SOURCES))),
      ...[ns, passed].map((figures) => text(figures.median(key(name, FEW_SOURCES)))),
    ]),
  );
  for (const [ratio, other] of Object.entries(RATIOS))
    report.ratio(ratio, ratios(added(PACKETLOG, MANY_SOURCES), added(other, MANY_SOURCES)));
  return Object.fromEntries(
    tools.map(({ name }) => [
      name,
      Object.fromEntries(
        COUNTS.map((count) => [
          count,
          {
            total_ns: ns.spread(key(name, count)),
            added_ns: spread(added(name, count)),
            passed_percent: passed.spread(key(name, count)),
          },
        ]),
      ),
    ]),
  );
}

interface Measured {
  readonly ns: number;
  readonly passedShare: number;
}

/** Repeats a run in which the cable's queue was full and dropped frames: the tool did not see those. */
async function measure(lab: BenchLab, name: string, sources: number): Promise<Measured> {
  // So that tables have all sources before the first run that counts.
  await lab.sendDenied(Math.max(FRAMES, sources), sources);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [arrived, passed] = [await lab.received(), await passedPackets(lab)];
    const sends: number[] = [];
    for (let send = 0; send < SENDS; send++) sends.push(await lab.sendDenied(FRAMES, sources));
    const share = ((await passedPackets(lab)) - passed) / (SENDS * FRAMES);
    if ((await lab.received()) - arrived !== SENDS * FRAMES) continue;
    if (sources === MANY_SOURCES && share !== 1)
      throw new Error(`${name}: ${text(100 - share * 100)} % was denied of sources that keep to the limit`);
    return { ns: median(sends), passedShare: share };
  }
  throw new Error(`${name}: the cable dropped frames ${ATTEMPTS} times; repeat it on a quiet machine`);
}
