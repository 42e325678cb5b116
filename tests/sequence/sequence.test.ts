/**
 * Sends over a hundred million numbered packets through the real program and the loader's reader, and compares each
 * record with its number. Needs root. Uses the kernel's test runs, without an interface.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { buildSender, type Outcome, Pair, type PairOptions, type SenderBuild, sendingCpus } from './pair.ts';

/** `records`: the minimum to check; `atOnce`: packets sent in one run. */
const TRANSPORTS = [
  { transport: 'array', ringBytes: 4 << 20, records: 50_000_000, atOnce: 10_000_000 },
  { transport: 'ring', ringBytes: 4 << 20, records: 50_000_000, atOnce: 10_000_000 },
  // The kernel wakes the reader for each record: this is a hundred times slower.
  { transport: 'perf', ringBytes: 256 << 10, records: 1_000_000, atOnce: 500_000 },
] as const;
type Case = (typeof TRANSPORTS)[number];
const SAMPLING = TRANSPORTS.filter(({ transport }) => transport !== 'perf');
/** The reader reads a twentieth of the records, and at the end what is in the rings. */
const SLOW = 'slow 50000';
/** The shortest stride of a record in any ring: sets how many records a ring holds at most. */
const RECORD_BYTES = 64;

/** Expects every record to be intact, in order and not repeated, and the kernel to have counted the missing ones. */
function expectProven({ tallies, counted, sent, received }: Outcome): void {
  for (const { wrong, firstWrong, backwards, early } of tallies) {
    expect({ wrong, firstWrong, backwards, early }).toEqual({ wrong: 0, firstWrong: null, backwards: 0, early: 0 });
  }
  const { seen, permitted, emitted, sampled_out, filtered_out, ring_full } = counted;
  expect({ seen, permitted, filtered_out }).toEqual({ seen: sent, permitted: sent, filtered_out: 0 });
  expect(received).toBe(emitted);
  expect(received + sampled_out + ring_full).toBe(sent);
  // At most, not equal: the last records of a CPU may be among the lost ones.
  const missing = tallies.reduce((sum, tally) => sum + tally.missing, 0);
  expect(missing).toBeLessThanOrEqual(sampled_out + ring_full);
}

/** Maximum of records with the same time: `CLOCK_USES` in clock.h. */
const CLOCK_USES = 16;

const longestSameTime = ({ tallies }: Outcome) => Math.max(...tallies.map((tally) => tally.longestSameTime));

/** Stops and continues a process at random times until `running` ends. */
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

/** Readers that are tried, each of which is nearly always caught asleep. */
const ATTEMPTS = 6;

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
    await pair?.close();
    pair = await Pair.open(build, options);
    return pair;
  };
  const floodAll = (opened: Pair, mode: string, count: number) =>
    opened.flood(mode, cpus, Math.ceil(count / cpus.length));

  test.each(TRANSPORTS)(
    '$records records are read in order, none twice, none torn, and every lost one is counted ($transport)',
    { timeout: 300_000 },
    async ({ transport, ringBytes, records, atOnce }: Case) => {
      const opened = await open({ transport, ringBytes });
      const turns = [
        () => opened.flood('policy', cpus.slice(0, 1), atOnce),
        () => floodAll(opened, 'policy', atOnce),
        () => withStops(opened.readerPid, floodAll(opened, 'policy', atOnce)),
      ];
      // Even if one round reads few records on a slow machine, all rounds together wrap every ring many times.
      expect(records).toBeGreaterThan((20 * cpus.length * ringBytes) / RECORD_BYTES);
      let checked = 0;
      let rounds = 0;
      /** For each round in which the reader polled: whether its transport has the flag for that. */
      const polled: boolean[] = [];
      while (checked < records) {
        const outcome = await turns[rounds % turns.length]?.();
        if (!outcome) break;
        expectProven(outcome);
        // The program reuses a time while the reader polls, and only then.
        expect(longestSameTime(outcome)).toBe(outcome.polling > 0 ? CLOCK_USES : 1);
        if (outcome.polling > 0) polled.push(outcome.canPoll);
        checked += outcome.received;
        rounds++;
      }
      // In a single round, a machine whose CPU is busy elsewhere may be too slow for the reader to poll.
      expect(polled.every((canPoll) => canPoll)).toBe(true);
      expect(polled.length > rounds / 2).toBe(transport === 'array');
      expect(checked).toBeGreaterThanOrEqual(records);
    },
  );

  test.each(TRANSPORTS)(
    'the records that a reader ten times too slow loses are counted ($transport)',
    async ({ transport, ringBytes, atOnce }: Case) => {
      const outcome = await floodAll(await open({ transport, ringBytes }), SLOW, atOnce);
      expectProven(outcome);
      expect(outcome.counted.ring_full).toBeGreaterThan(outcome.received * 9);
      expect(outcome.received).toBeGreaterThan(ringBytes / RECORD_BYTES);
    },
  );

  test.each(SAMPLING)(
    'when sampling by the fill level of the ring, the weights of the records sum up to the packets sent ($transport)',
    async ({ transport, ringBytes, atOnce }: Case) => {
      const outcome = await floodAll(await open({ transport, ringBytes, sample: 0 }), SLOW, atOnce);
      expectProven(outcome);
      const { tallies, counted, sent } = outcome;
      expect(counted.sampled_out).toBeGreaterThan(sent / 2);
      // For records that were chosen and then lost to a full ring: a full ring chooses 1 of 64.
      const FULLEST = 64;
      const sum = (of: 'weights' | 'variance') => tallies.reduce((total, tally) => total + tally[of], 0);
      const estimate = sum('weights') + FULLEST * counted.ring_full;
      const deviation = Math.sqrt(sum('variance') + FULLEST * (FULLEST - 1) * counted.ring_full);
      expect(Math.abs(estimate - sent) / deviation).toBeLessThan(5);
      // A meaningful bound: half a percent of all packets.
      expect(deviation).toBeLessThan(sent / 200);
    },
  );

  test.each(
    TRANSPORTS.flatMap(({ transport, ringBytes }) => [
      { transport, ringBytes, mode: 'sleep', count: 50_000, pauseUs: 40 },
      // The drain thread's poll policy sleeps after 18 ms without a record.
      { transport, ringBytes, mode: 'policy', count: 300, pauseUs: 25_000 },
    ]),
  )(
    'a packet that arrives just before the reader sleeps wakes it ($transport, $mode)',
    async ({ transport, ringBytes, mode, count, pauseUs }) => {
      const opened = await open({ transport, ringBytes });
      // The sender fails, and the test with it, if its packets are not read in time.
      const outcome = await opened.pingPong(mode, cpus[0] ?? 0, count, pauseUs);
      expectProven(outcome);
      expect(outcome.received).toBe(outcome.sent);
      expect(outcome.sleeps).toBeGreaterThan(count / 50);
      // With few packets, each has its own time.
      expect(longestSameTime(outcome)).toBe(1);
    },
  );

  describe('a program that reads the polling flag just before the reader sleeps', () => {
    const send = async (mode: string, count: number) => {
      const opened = await open({ transport: 'array', ringBytes: 4 << 20, object: build.lingering });
      return opened.pingPong(mode, cpus[0] ?? 0, count, 4000);
    };

    test('is waited for: every record is read', async () => {
      const outcome = await send('poll-and-sleep', 250);
      expectProven(outcome);
      expect(outcome.received).toBe(outcome.sent);
      expect(outcome.sleeps).toBeGreaterThan(10);
    });

    test('would not wake a reader that skips the wait, and the sender detects it', async () => {
      // In a few runs of many, epoll_wait returns at once each time: that reader never sleeps, so another one is tried.
      let outcome: unknown;
      for (let attempt = 0; attempt < ATTEMPTS && !(outcome instanceof Error); attempt++)
        outcome = await send('no-wait', 5000).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ message: expect.stringContaining('the reader was not woken') });
    });
  });
});
