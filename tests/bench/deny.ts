/** Measures what a denied packet costs with each tool: everything from the generator to the drop, on a veth pair. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DenyTool,
  DROP_ONLY,
  denyTools,
  IPSET_RAW,
  NFT_LOG,
  NFT_NETDEV,
  NFT_RAW,
  PACKETLOG,
  PACKETLOG_COUNTS,
  SOURCE_LIST,
  XDP_FILTER,
  XdpFilter,
} from './deny-tools.ts';
import { BenchLab } from './lab.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { median, ratios } from './statistics.ts';

const ROUNDS = 7;
const FRAMES = 200_000;
/** Runs per tool in a round; their median is the result of the round. */
const SENDS = 5;
const ALL_FRAMES = SENDS * FRAMES;
const ATTEMPTS = 5;

const RATIOS = {
  deny_ns_vs_xdp_filter: [PACKETLOG, XDP_FILTER],
  deny_count_only_ns_vs_xdp_filter: [PACKETLOG_COUNTS, XDP_FILTER],
  deny_ns_vs_nft_netdev: [PACKETLOG, NFT_NETDEV],
  deny_ns_vs_nft_raw: [PACKETLOG, NFT_RAW],
  deny_ns_vs_ipset_raw: [PACKETLOG, IPSET_RAW],
  deny_ns_vs_nft_log: [PACKETLOG, NFT_LOG],
} as const;

export async function compareDeny(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  let filter: XdpFilter | undefined;
  try {
    await lab.network.server.ip(`route add 198.18.0.0/15 dev ${lab.network.link.server.device}`);
    await checkThatUndeniedPacketsShow(lab);
    await importList(lab);
    filter = await XdpFilter.open(lab);
    await compare(lab, denyTools(lab, filter), report);
  } finally {
    await filter?.close();
    await lab.close();
  }
}

/** Stores the rules in the lab's state directory: every PacketLog that it starts enforces them. */
async function importList(lab: BenchLab): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-deny-'));
  try {
    const list = join(directory, 'sources.txt');
    writeFileSync(list, SOURCE_LIST);
    const tool = await lab.startPacketlog();
    await lab.rules('import', list, '--force');
    await tool.stop();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function compare(lab: BenchLab, tools: readonly DenyTool[], report: Report): Promise<void> {
  const ns = new Rounds();
  const recorded = new Rounds();
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < tools.length; i++) {
      await measured(lab, tools[(i + round) % tools.length] as DenyTool, ns, recorded);
    }
  }
  const names = tools.map(({ name }) => name);
  const least = ns.of(DROP_ONLY);
  const overDrop = new Rounds();
  for (const name of names) {
    for (const [i, value] of ns.of(name).entries()) overDrop.add(name, value - (least[i] ?? Number.NaN));
  }

  say(`\nDenied packets of 1,000 listed sources through a veth pair (medians of ${ROUNDS} rounds)`);
  table(
    ['', 'ns/packet in all', 'more than only dropping', 'recorded %'],
    names.map((name) => [
      name,
      text(ns.median(name)),
      text(overDrop.median(name)),
      recorded.of(name).length > 0 ? text(recorded.median(name)) : '',
    ]),
  );
  report.section('deny', {
    frames_per_round: ALL_FRAMES,
    ...Object.fromEntries(
      names.map((name) => [
        name,
        {
          deny_ns: ns.spread(name),
          over_drop_ns: overDrop.spread(name),
          ...(recorded.of(name).length > 0 && { recorded_percent: recorded.spread(name) }),
        },
      ]),
    ),
  });
  for (const [name, [one, other]] of Object.entries(RATIOS)) report.ratio(name, ratios(ns.of(one), ns.of(other)));
}

/** Repeats a run in which the cable's queue was full and dropped frames: the tool did not see those. */
async function measured(lab: BenchLab, tool: DenyTool, ns: Rounds, recorded: Rounds): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (await measure(lab, tool, ns, recorded)) return;
  throw new Error(`${tool.name}: the cable dropped frames ${ATTEMPTS} times; repeat it on a quiet machine`);
}

/** Returns whether all frames arrived; if not, adds nothing to the figures. Throws if the tool did not deny them all. */
async function measure(lab: BenchLab, { name, start }: DenyTool, ns: Rounds, recorded: Rounds): Promise<boolean> {
  const denying = await start();
  const [arrived, undenied] = [await lab.received(), await undeniedPackets(lab)];
  const sends: number[] = [];
  for (let send = 0; send < SENDS; send++) sends.push(await lab.sendDenied(FRAMES));
  const hasAll = (await lab.received()) - arrived === ALL_FRAMES;
  const passed = (await undeniedPackets(lab)) - undenied;
  const records = await denying.finish();
  if (passed !== 0) throw new Error(`${name}: ${passed} packets were not denied`);
  if (!hasAll) return false;
  ns.add(name, median(sends));
  if (records !== undefined && name !== PACKETLOG_COUNTS) recorded.add(name, (records / ALL_FRAMES) * 100);
  return true;
}

/** Returns the packets that reached UDP in the receiving network, where no socket has their port. */
async function undeniedPackets({ network }: BenchLab): Promise<number> {
  const lines = (await network.server.exec('cat', '/proc/net/snmp')).split('\n');
  const [names = '', values = ''] = lines.filter((line) => line.startsWith('Udp: '));
  return Number(values.split(' ')[names.split(' ').indexOf('NoPorts')]);
}

/** Otherwise "none was let through" would prove nothing. */
async function checkThatUndeniedPacketsShow(lab: BenchLab): Promise<void> {
  const before = await undeniedPackets(lab);
  await lab.sendDenied(FRAMES);
  const shown = (await undeniedPackets(lab)) - before;
  if (shown < FRAMES / 2) throw new Error(`of ${FRAMES} packets that no tool denied, only ${shown} reached UDP`);
}
