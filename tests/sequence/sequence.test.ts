/**
 * Over two hundred million numbered packets through the real program and the loader's own reader, each record held
 * against its number. Needs root; test runs of the kernel, no interface.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { buildSender, type Outcome, Pair, type PairOptions, type SenderBuild, sendingCpus } from './pair.ts';

/** `records`: checked at least; `atOnce`: sent in one go. */
const TRANSPORTS = [
  { transport: 'array', ringBytes: 4 << 20, records: 100_000_000, atOnce: 20_000_000 },
  { transport: 'ring', ringBytes: 4 << 20, records: 100_000_000, atOnce: 20_000_000 },
  // The kernel wakes the reader for each record of it: it is a hundred times as slow.
  { transport: 'perf', ringBytes: 256 << 10, records: 1_000_000, atOnce: 500_000 },
] as const;
type Case = (typeof TRANSPORTS)[number];
const SAMPLING = TRANSPORTS.filter(({ transport }) => transport !== 'perf');
/** Of what comes, a reader takes a twentieth, and at the end what is in the rings. */
const SLOW = 'slow 50000';
/** The shortest record, so the most that a ring holds. */
const RECORD_BYTES = 64;

/** Each record right, in order and there once; what is missing is what the kernel counted. */
function expectProven({ accounts, counted, sent, received }: Outcome): void {
  for (const { wrong, firstWrong, backwards, early } of accounts) {
    expect({ wrong, firstWrong, backwards, early }).toEqual({ wrong: 0, firstWrong: null, backwards: 0, early: 0 });
  }
  const { seen, permitted, emitted, sampled_out, filtered_out, ring_full } = counted;
  expect({ seen, permitted, filtered_out }).toEqual({ seen: sent, permitted: sent, filtered_out: 0 });
  expect(received).toBe(emitted);
  expect(received + sampled_out + ring_full).toBe(sent);
  // Not equal: the last ones of a CPU may be among the lost.
  const missing = accounts.reduce((sum, account) => sum + account.missing, 0);
  expect(missing).toBeLessThanOrEqual(sampled_out + ring_full);
}

/** Records with one time, at most: `CLOCK_USES` in clock.h. */
const CLOCK_USES = 16;

const mostAlike = ({ accounts }: Outcome) => Math.max(...accounts.map((account) => account.mostAlike));

/** Until it is over, a process stands still again and again, at moments and for times of chance. */
async function withStops<T>(pid: number, running: Promise<T>): Promise<T> {
  let over = false;
  const ended = running.finally(() => {
    over = true;
  });
  while (!over) {
    await delay(20 + Math.random() * 60);
    process.kill(pid, 'SIGSTOP');
    await delay(Math.random() * 40);
    process.kill(pid, 'SIGCONT');
  }
  return ended;
}

describe.skipIf(!requireRoot())('numbered packets', () => {
  const cpus = sendingCpus();
  let build: SenderBuild;
  let pair: Pair | undefined;
  beforeAll(async () => {
    build = await buildSender();
  });
  afterAll(() => build?.remove());
  afterEach(async () => {
    await pair?.close();
    pair = undefined;
  });
  const open = async (options: PairOptions): Promise<Pair> => {
    pair = await Pair.open(build, options);
    return pair;
  };
  const floodAll = (opened: Pair, way: string, count: number) =>
    opened.flood(way, cpus, Math.ceil(count / cpus.length));

  test.each(TRANSPORTS)(
    '$records records are read in order, none twice, none torn, none lost uncounted ($transport)',
    { timeout: 300_000 },
    async ({ transport, ringBytes, records, atOnce }: Case) => {
      const opened = await open({ transport, ringBytes });
      const turns = [
        () => opened.flood('rhythm', cpus.slice(0, 1), atOnce),
        () => floodAll(opened, 'rhythm', atOnce),
        () => withStops(opened.readerPid, floodAll(opened, 'rhythm', atOnce)),
      ];
      // However few records one round brings on a slow machine, all of them together wrap every ring many times.
      expect(records).toBeGreaterThan((20 * cpus.length * ringBytes) / RECORD_BYTES);
      let checked = 0;
      for (let round = 0; checked < records; round++) {
        const outcome = await turns[round % turns.length]?.();
        if (!outcome) break;
        expectProven(outcome);
        expect(outcome.hot > 0).toBe(outcome.canPoll);
        expect(mostAlike(outcome)).toBe(outcome.canPoll ? CLOCK_USES : 1);
        checked += outcome.received;
      }
      expect(checked).toBeGreaterThanOrEqual(records);
    },
  );

  test.each(TRANSPORTS)(
    'a reader that takes a tenth of what comes knows what it lost ($transport)',
    async ({ transport, ringBytes, atOnce }: Case) => {
      const outcome = await floodAll(await open({ transport, ringBytes }), SLOW, atOnce);
      expectProven(outcome);
      expect(outcome.counted.ring_full).toBeGreaterThan(outcome.received * 9);
      expect(outcome.received).toBeGreaterThan(ringBytes / RECORD_BYTES);
    },
  );

  test.each(SAMPLING)(
    'sampled by how full the ring is, the weights of the records make up for what is not there ($transport)',
    async ({ transport, ringBytes, atOnce }: Case) => {
      const outcome = await floodAll(await open({ transport, ringBytes, sample: 0 }), SLOW, atOnce);
      expectProven(outcome);
      const { accounts, counted, sent } = outcome;
      expect(counted.sampled_out).toBeGreaterThan(sent / 2);
      // Chosen and then lost to a full ring: a ring that is full chooses 1 of 64.
      const FULLEST = 64;
      const sum = (of: 'weights' | 'variance') => accounts.reduce((total, account) => total + account[of], 0);
      const estimate = sum('weights') + FULLEST * counted.ring_full;
      const deviation = Math.sqrt(sum('variance') + FULLEST * (FULLEST - 1) * counted.ring_full);
      expect(Math.abs(estimate - sent) / deviation).toBeLessThan(5);
      // A bound that says something: half a percent of all.
      expect(deviation).toBeLessThan(sent / 200);
    },
  );

  test.each(
    TRANSPORTS.flatMap(({ transport, ringBytes }) => [
      { transport, ringBytes, way: 'restless', count: 50_000, pauseUs: 40 },
      // The drain thread's rhythm goes to sleep after 18 ms without a record.
      { transport, ringBytes, way: 'rhythm', count: 300, pauseUs: 25_000 },
    ]),
  )(
    'a reader on its way to sleep is woken by what comes at that moment ($transport, $way)',
    async ({ transport, ringBytes, way, count, pauseUs }) => {
      const opened = await open({ transport, ringBytes });
      // The sender gives up, and the test with it, when nobody reads what it sent.
      const outcome = await opened.pingPong(way, cpus[0] ?? 0, count, pauseUs);
      expectProven(outcome);
      expect(outcome.received).toBe(outcome.sent);
      expect(outcome.sleeps).toBeGreaterThan(count / 50);
      // Each has a time of its own where packets are few.
      expect(mostAlike(outcome)).toBe(1);
    },
  );

  describe('a program that saw the reader hot and publishes when it is asleep', () => {
    const send = async (way: string, count: number) => {
      const opened = await open({ transport: 'array', ringBytes: 4 << 20, object: build.lingering });
      return opened.pingPong(way, cpus[0] ?? 0, count, 4000);
    };

    test('is waited for: every record is read', async () => {
      const outcome = await send('fickle', 250);
      expectProven(outcome);
      expect(outcome.received).toBe(outcome.sent);
      expect(outcome.sleeps).toBeGreaterThan(10);
    });

    test('would be missed if it were not waited for, and the sender would see it', async () => {
      await expect(send('hasty', 5000)).rejects.toThrow('nobody woke the reader');
    });
  });
});
