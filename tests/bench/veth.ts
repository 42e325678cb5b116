/** Measures the time that each tool adds to a packet on a veth pair, and the packets that it keeps. */
import { BenchLab, kept, memoryMib, type Tool, usage } from './lab.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { median, ratios } from './statistics.ts';

const ROUNDS = 5;
const FRAMES = 200_000;
/**
 * Runs per tool in a round, each right after a run on a cable with nothing attached; their median is the result of the
 * round.
 */
const SENDS = 7;
const ALL_FRAMES = SENDS * FRAMES;
const ATTEMPTS = 5;
const DEFAULT_ROWS = 20_000;

interface Entry {
  readonly name: string;
  start(lab: BenchLab): Promise<Running>;
}

interface Running {
  /** The process whose CPU time and memory are measured; undefined if there is none. */
  readonly pid: number | undefined;
  /** Ends it and returns the number of packets it kept. */
  finish(): Promise<number>;
}

const packetlog = (name: string, clients: number, ...options: string[]): Entry => ({
  name,
  start: async (lab) => {
    const tool = await lab.startPacketlog(...options);
    const connected = clients > 0 ? await lab.startClients(clients, DEFAULT_ROWS) : undefined;
    return {
      pid: tool.pid,
      finish: async () => {
        await connected?.end();
        return kept(await tool.stop());
      },
    };
  },
});

const NONE = 'nothing attached';
const PASS = 'an XDP program that only passes';
const TCPDUMP = 'tcpdump -w /dev/null';
const XDPDUMP = 'xdpdump -w /dev/null';
const PACKETLOG = 'PacketLog, no client';
const PACKETLOG_PRECISE = 'PacketLog, no client, precise clock';

/** The cost of the hook, parsing and counting without a record. */
const COUNT_ONLY = 'PacketLog, --count-only';

const ENTRIES: readonly Entry[] = [
  { name: NONE, start: async () => ({ pid: undefined, finish: async () => ALL_FRAMES }) },
  {
    name: PASS,
    start: async (lab) => {
      const nothing = await lab.startPassing();
      return {
        pid: undefined,
        finish: async () => {
          await nothing.end();
          return ALL_FRAMES;
        },
      };
    },
  },
  { name: TCPDUMP, start: async (lab) => running(await startTcpdump(lab), tcpdumpKept) },
  { name: XDPDUMP, start: async (lab) => running(await startXdpdump(lab), xdpdumpKept) },
  packetlog(PACKETLOG, 0),
  packetlog(PACKETLOG_PRECISE, 0, '--clock', 'precise'),
  packetlog(COUNT_ONLY, 0, '--count-only'),
  packetlog('PacketLog, 1 client', 1),
  packetlog('PacketLog, 10 clients', 10),
];

function running(tool: Tool, count: (said: string) => number): Running {
  return { pid: tool.pid, finish: async () => count(await tool.stop()) };
}

const startTcpdump = (lab: BenchLab) =>
  lab.start(['tcpdump', '-n', '-i', lab.network.link.server.device, '-w', '/dev/null'], /listening on/);

const tcpdumpKept = (said: string) => Number(/(\d+) packets captured/.exec(said)?.[1] ?? Number.NaN);

const startXdpdump = (lab: BenchLab) =>
  lab.start(['xdpdump', '-i', lab.network.link.server.device, '--load-xdp-program', '-w', '/dev/null'], /listening on/);

const xdpdumpKept = (said: string) => Number(/(\d+) packets captured/.exec(said)?.[1] ?? Number.NaN);

/** Returns undefined if xdpdump starts on this kernel, else its error output. */
async function xdpdumpError(lab: BenchLab): Promise<string | undefined> {
  try {
    await (await startXdpdump(lab)).stop();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export async function compareVeth(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  try {
    await compare(lab, report);
  } finally {
    await lab.close();
  }
}

async function compare(lab: BenchLab, report: Report): Promise<void> {
  const figures = {
    ns: new Rounds(),
    added: new Rounds(),
    kept: new Rounds(),
    cpu: new Rounds(),
    memory: new Rounds(),
  };
  const xdpdumpFails = await xdpdumpError(lab);
  const entries = ENTRIES.filter(({ name }) => xdpdumpFails === undefined || name !== XDPDUMP);
  await lab.sendFast(FRAMES, 'watched');
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < entries.length; i++) {
      await measured(lab, entries[(i + round) % entries.length] as Entry, figures);
    }
  }
  const { ns, added, kept, cpu, memory } = figures;
  const names = entries.map(({ name }) => name);

  say(`\nFrames of 60 bytes from 1,000 sources through a veth pair (medians of ${ROUNDS} rounds)`);
  table(
    ['', 'ns/packet in all', 'added', 'kept %', "tool's CPU ns/packet", 'memory MiB'],
    names.map((name) => [
      name,
      text(ns.median(name)),
      text(added.median(name)),
      text(kept.median(name)),
      text(cpu.median(name)),
      text(memory.median(name)),
    ]),
  );
  if (xdpdumpFails !== undefined) say(`  xdpdump does not start here: ${xdpdumpFails.split('\n').at(-1)}`);
  report.section('veth', {
    frames_per_round: ALL_FRAMES,
    xdpdump_refusal: xdpdumpFails ?? null,
    ...Object.fromEntries(
      names.map((name) => [
        name,
        {
          ns_per_packet: ns.spread(name),
          added_ns: added.spread(name),
          kept_percent: kept.spread(name),
          ...(name === NONE || name === PASS
            ? {}
            : { cpu_ns_per_packet: cpu.spread(name), memory_mib: memory.spread(name) }),
        },
      ]),
    ),
  });
  const toTcpdump = (name: string) => ratios(added.of(name), added.of(TCPDUMP));
  report.ratio('added_ns_per_packet_vs_tcpdump', toTcpdump(PACKETLOG));
  report.ratio('precise_clock_added_ns_per_packet_vs_tcpdump', toTcpdump(PACKETLOG_PRECISE));
}

type Figures = Record<'ns' | 'added' | 'kept' | 'cpu' | 'memory', Rounds>;

/** Repeats a run in which the cable's queue was full and dropped frames, as when other work ran on the receiving CPU. */
async function measured(lab: BenchLab, entry: Entry, figures: Figures): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (await measure(lab, entry, figures)) return;
  throw new Error(`${entry.name}: the cable dropped frames ${ATTEMPTS} times; repeat it on a quiet machine`);
}

/** Returns whether all frames arrived; if not, adds nothing to the figures. */
async function measure(lab: BenchLab, entry: Entry, figures: Figures): Promise<boolean> {
  const tool = await entry.start(lab);
  const before = tool.pid === undefined ? undefined : usage(tool.pid).cpuNs;
  const arrived = await lab.received();
  const [watched, added]: [number[], number[]] = [[], []];
  for (let send = 0; send < SENDS; send++) {
    const bare = await lab.sendFast(FRAMES, 'bare');
    watched.push(await lab.sendFast(FRAMES, 'watched'));
    added.push((watched.at(-1) ?? Number.NaN) - bare);
  }
  if ((await lab.received()) - arrived !== ALL_FRAMES) {
    await tool.finish();
    return false;
  }
  if (tool.pid !== undefined && before !== undefined) {
    figures.cpu.add(entry.name, (usage(tool.pid).cpuNs - before) / ALL_FRAMES);
    figures.memory.add(entry.name, memoryMib(tool.pid));
  }
  figures.ns.add(entry.name, median(watched));
  figures.added.add(entry.name, median(added));
  figures.kept.add(entry.name, ((await tool.finish()) / ALL_FRAMES) * 100);
  return true;
}
