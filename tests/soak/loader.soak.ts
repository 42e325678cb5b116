/**
 * Runs the real loader under steady traffic, with the recorder at its limit of size, a client that stays and one that
 * reconnects: memory and file descriptors must not grow, and at the end every packet must be accounted for. Run it with
 * `pnpm soak`; needs root.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readJournal } from '@packetlog/loader/segments';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryMib } from '../bench/lab.ts';
import { startCrowd } from '../e2e/crowd.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { LAB_TOKEN, startPacketlog, startProcess } from '../lab/process.ts';
import { recordsIn } from '../lab/recorded.ts';
import { loaderPids, serverPidOf } from '../lab/server-process.ts';
import { until } from '../lab/until.ts';
import { type Trend, trend } from './trend.ts';

const SECONDS = Number(process.env['SOAK_MINUTES'] ?? 10) * 60;
const RATE = Number(process.env['SOAK_RATE'] ?? 50_000);
/** Time that is not evaluated: heaps and tables grow to their size. */
const WARM_UP_SECONDS = Math.min(120, SECONDS / 3);
/** Packets sent first, at full speed: they touch the memory that is reserved for overload, so that it does not grow later. */
const FLOOD = 5_000_000;
/** Reached within the warm-up: from then on, each new segment makes the recorder delete an old one. */
const RECORD_MIB = 16;
/** How long the reconnecting client is connected, and disconnected. */
const VISIT_SECONDS = 3;
/**
 * V8 can keep hundreds of MiB of garbage for minutes, so both threads of the core and the server process collect it
 * every ten seconds. The lowest memory in each FLOOR_SECONDS is the level that a leak would raise. V8 also lets a heap grow
 * and shrink by up to 2 x 16 MiB, in steps, within a minute or over many: what is free in the heaps is subtracted.
 */
const COLLECT = [
  ...['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16'],
  ...['--require', fileURLToPath(new URL('./collect.cjs', import.meta.url))],
];
const COLLECT_SERVER = fileURLToPath(new URL('./collect-server.mjs', import.meta.url));
const COLLECTED_SECONDS = 10;
const FLOOR_SECONDS = 20;
/**
 * A slope whose confidence interval lies above this is a leak: 28 MiB in an hour; a descriptor a minute. Threads and
 * server keep data of packets only in memory that was allocated at the start.
 */
const BOUNDS = { rssKib: 8, heapKib: 1, descriptors: 1 / 60 };
const THREADS = { main: 'main thread', drain: 'drain thread', recorder: 'recorder', server: 'server process' } as const;
type Thread = keyof typeof THREADS;
const THREAD_NAMES = Object.keys(THREADS) as Thread[];

interface Sample {
  readonly atMs: number;
  readonly rssKib: number;
  readonly descriptors: number;
}

/** Returns what the core and the server process hold together. */
function sample(core: number): Sample {
  const pids = loaderPids(core);
  const descriptors = pids.flatMap((pid) => readdirSync(`/proc/${pid}/fd`)).length;
  return { atMs: Date.now(), rssKib: memoryMib(core) * 1024, descriptors };
}

const ARTIFACTS = fileURLToPath(new URL('../artifacts', import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);
const number = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 3 });

function describe(what: string, unit: string, { slope, low, high, mean }: Trend, bound?: number): void {
  const interval = `95 %: ${number(low)} .. ${number(high)}`;
  const limit = bound === undefined ? '' : `, bound ${number(bound)}`;
  say(`${what}: mean ${number(mean)} ${unit}, slope ${number(slope)} ${unit}/s (${interval})${limit}`);
}

function floors(values: readonly number[]): number[] {
  const windows = Math.floor(values.length / FLOOR_SECONDS);
  return Array.from({ length: windows }, (_, i) =>
    Math.min(...values.slice(i * FLOOR_SECONDS, (i + 1) * FLOOR_SECONDS)),
  );
}

const perSecond = ({ slope, low, high, mean }: Trend, seconds: number): Trend => ({
  ...{ slope: slope / seconds, low: low / seconds, high: high / seconds, mean },
});

/** The heap of a thread, or of the server process, after a collection. */
interface Heap {
  readonly thread: Thread;
  readonly atMs: number;
  readonly liveKib: number;
  readonly freeKib: number;
}

const heapsIn = (file: string): Heap[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

function liveHeap(heaps: readonly Heap[], thread: Thread, sinceMs: number): Trend {
  const left = heaps.filter((each) => each.thread === thread && each.atMs >= sinceMs);
  return perSecond(trend(left.map(({ liveKib }) => liveKib)), COLLECTED_SECONDS);
}

/** Returns the memory of a sample without what was free in the heaps at their last collection. */
function usedKib({ atMs, rssKib }: Sample, heaps: readonly Heap[]): number {
  const free = THREAD_NAMES.map(
    (thread) => heaps.findLast((each) => each.thread === thread && each.atMs <= atMs)?.freeKib ?? 0,
  );
  return rssKib - free.reduce((sum, each) => sum + each, 0);
}

const suite = eachWithNetwork({ ipv6: false });
let generator: Generator;
let parent: string;
beforeAll(async () => {
  generator = await buildGenerator();
  parent = mkdtempSync(join(tmpdir(), 'packetlog-soak-'));
  // The core is not root.
  chmodSync(parent, 0o755);
});
afterAll(() => {
  generator?.remove();
  rmSync(parent, { recursive: true });
});

/** Returns the records and bytes of all files, and what the journal says is no longer in them. */
function onDisk(directory: string) {
  const records = recordsIn(directory);
  const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  const expired = readJournal(directory).entries.reduce(
    (sum, entry) => sum + (entry.kind === 'expired' ? entry.records : 0),
    0,
  );
  return { records, bytes, expired };
}

test('memory and descriptors do not grow, and all packets are accounted for', async () => {
  const { server, link } = suite.network;
  const directory = join(parent, 'record');
  const args = [
    ...['--iface', link.server.device, '--print', 'none', '--ui', 'off', '--listen', '127.0.0.1:0'],
    ...['--record-dir', directory, '--record-size', `${RECORD_MIB}MiB`],
  ];
  mkdirSync(ARTIFACTS, { recursive: true });
  // The core writes it, too.
  const heapFile = join(parent, 'heaps.ndjson');
  writeFileSync(heapFile, '');
  chmodSync(heapFile, 0o666);
  const env = { SOAK_HEAPS: heapFile };
  const packetlog = suite.own(startPacketlog(server, { args, env, nodeOptions: COLLECT }));
  const [text] = await packetlog.untilPrinted(/http:\/\/\S+/);
  const { origin } = new URL(text);
  const token = LAB_TOKEN;
  await packetlog.untilPrinted(/Waiting for Ctrl-C/);
  suite.own(startProcess(server, process.execPath, [COLLECT_SERVER, `${serverPidOf(packetlog.pid)}`], env));
  const [resident, visitor] = [await startCrowd(server), await startCrowd(server)];
  const guest = { origin, token, count: 1, subscription: {} };
  await resident.ask('connect', guest);

  say(`${SECONDS / 60} minutes at ${number(RATE)} packets/s; the first ${WARM_UP_SECONDS} s are not evaluated`);
  await generator.sendFast(link.client, FLOOD);
  // The disk may be too slow for the flood; at the steady rate it must not be.
  const lostInFlood = await until(
    async () => {
      const recorder = (await resident.ledger())?.recorder;
      return recorder?.pending === 0 && recorder.offered > 0 && recorder;
    },
    { what: 'the flood on the disk', deadlineMs: 60_000 },
  ).then(({ lost: records }) => records);
  let over = false;
  const STEADY = RATE * SECONDS;
  const sending = generator.sendPaced(link.client, STEADY, RATE).finally(() => {
    over = true;
  });
  const visits = (async () => {
    let visited = 0;
    for (; !over; visited++) {
      await visitor.ask('connect', guest);
      await delay(VISIT_SECONDS * 1000);
      await visitor.ask('leave', 1);
      await delay(VISIT_SECONDS * 1000);
    }
    return visited;
  })();
  const samples: Sample[] = [];
  const begunAt = Date.now();
  for (let next = performance.now(); !over; next += 1000) {
    samples.push(sample(packetlog.pid));
    if (samples.length % 60 === 0) {
      const { rssKib, descriptors } = samples.at(-1) as Sample;
      say(`after ${samples.length} s: ${number(rssKib / 1024)} MiB, ${descriptors} descriptors`);
    }
    await delay(Math.max(0, next + 1000 - performance.now()));
  }
  expect((await sending).sent).toBe(STEADY);
  const visited = await visits;
  // Packets that found the cable's queue full did not arrive; the sender's interface counts them.
  const arrived = (await link.server.counters()).rx.packets;
  expect(arrived + (await link.client.counters()).tx.dropped).toBe(FLOOD + STEADY);

  const ledger = await until(
    async () => {
      const known = await resident.ledger();
      return (
        known?.interfaces[0]?.counters.seen === arrived &&
        known.ring.pending + known.queue.pending + (known.recorder?.pending ?? 0) === 0 &&
        known
      );
    },
    { what: 'a ledger of all packets', deadlineMs: 30_000 },
  );
  const { seen, emitted, sampled_out, ring_full } = ledger.interfaces[0]?.counters ?? {};
  const { queue, client } = ledger;
  say(`${number(arrived)} arrived; ${JSON.stringify({ seen, emitted, sampled_out, ring_full })}; ${visited} visits`);
  say(`client that stayed: ${JSON.stringify(client)}`);

  const evaluated = samples.slice(WARM_UP_SECONDS);
  const heaps = heapsIn(heapFile);
  const memory = evaluated.map((each) => usedKib(each, heaps));
  const floor = perSecond(trend(floors(memory)), FLOOR_SECONDS);
  const evaluatedFrom = begunAt + WARM_UP_SECONDS * 1000;
  const live = THREAD_NAMES.map((thread) => ({ thread, heap: liveHeap(heaps, thread, evaluatedFrom) }));
  const descriptors = trend(evaluated.map((each) => each.descriptors));
  describe('memory (RSS), each second', 'KiB', trend(evaluated.map(({ rssKib }) => rssKib)));
  describe(`memory without free heap, least in ${FLOOR_SECONDS} s`, 'KiB', floor, BOUNDS.rssKib);
  describe('file descriptors', '', descriptors, BOUNDS.descriptors);
  for (const { thread, heap } of live) describe(`live heap of the ${THREADS[thread]}`, 'KiB', heap, BOUNDS.heapKib);
  writeFileSync(`${ARTIFACTS}/soak.json`, JSON.stringify(samples));

  expect((emitted ?? 0) + (sampled_out ?? 0) + (ring_full ?? 0)).toBe(arrived);
  expect(ledger.ring).toMatchObject({ offered: emitted, delivered: emitted, dropped: 0 });
  expect(queue.delivered + queue.dropped + queue.withheld).toBe(emitted);
  expect(client.delivered + client.dropped + client.withheld).toBe(client.offered);
  expect(visited).toBeGreaterThan(SECONDS / (4 * VISIT_SECONDS));
  expect(floor.low, 'memory grows').toBeLessThan(BOUNDS.rssKib);
  for (const { thread, heap } of live)
    expect(heap.low, `the heap of the ${THREADS[thread]} grows`).toBeLessThan(BOUNDS.heapKib);
  expect(descriptors.low, 'file descriptors grow').toBeLessThan(BOUNDS.descriptors);
  expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });

  const { recorded = 0, lost, sampled } = ledger.recorder ?? {};
  const disk = onDisk(directory);
  say(`recorder: ${JSON.stringify({ recorded, lost, lostInFlood, sampled, ...disk })}`);
  expect({ lost, sampled }).toEqual({ lost: lostInFlood, sampled: 0 });
  // Neighbours' packets may have arrived since the ledger.
  expect(disk.records + disk.expired).toBeGreaterThanOrEqual(recorded);
  expect(recorded + lostInFlood).toBe(ledger.recorder?.offered);
  expect(disk.expired).toBeGreaterThan(0);
  expect(disk.bytes).toBeLessThanOrEqual(RECORD_MIB * 2 ** 20);
});
