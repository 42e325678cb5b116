import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AlertCounts, NO_COUNTS } from '../ipc/alerts/alerts-access.ts';
import type { AlertEvent } from './messages/alert-event.ts';
import { GROUP_WAIT_MS, MAX_ATTEMPTS, MAX_PER_HOUR, MIN_INTERVAL_MS, Outbox, outboxSchema } from './outbox.ts';

const HOUR_MS = 3_600_000;
const T0 = Date.UTC(2026, 0, 1);

let counts: AlertCounts;
beforeEach(() => {
  counts = { ...NO_COUNTS };
});

function event(name: string, at_ms: number, what: AlertEvent['what'] = 'fired'): AlertEvent {
  const fixed = { condition: 'denied > 5/s', value: '7/s', starts_at_ms: at_ms, repeat_ms: 14_400_000 };
  return { fingerprint: name, name, what, at_ms, ...fixed };
}

/** Counts the event as the sender does. */
function add(outbox: Outbox, given: AlertEvent): void {
  counts[given.what]++;
  outbox.add(given);
}

function expectSums(outbox: Outbox): void {
  const { fired, resolved, repeated, sent, suppressed, failed, discarded } = counts;
  expect(fired + resolved + repeated).toBe(sent + suppressed + failed + discarded + outbox.waiting);
}

/** The most attempts in any hour, and the shortest pause between two. */
function density(attempts: readonly number[]): { perHour: number; pauseMs: number } {
  let perHour = 0;
  let pauseMs = Number.POSITIVE_INFINITY;
  for (const [i, at] of attempts.entries()) {
    perHour = Math.max(perHour, attempts.filter((other) => other >= at && other < at + HOUR_MS).length);
    if (i > 0) pauseMs = Math.min(pauseMs, at - (attempts[i - 1] ?? 0));
  }
  return { perHour, pauseMs };
}

interface Step {
  /** Before the events. */
  readonly pauseMs: number;
  readonly names: readonly number[];
  readonly outcome: string;
}

function expectWithinBudget(steps: readonly Step[]): void {
  counts = { ...NO_COUNTS };
  let outbox = new Outbox(counts);
  let now = T0;
  const attempts: number[] = [];
  for (const { pauseMs, names, outcome } of steps) {
    now += pauseMs;
    for (const name of names) add(outbox, event(`alert-${name}`, now));
    if (outcome === 'forget') outbox.forget(`alert-${names[0] ?? 0}`);
    if (outbox.take(now) !== undefined) {
      attempts.push(now);
      if (outcome === 'accepted') outbox.accepted();
      if (outcome === 'rejected') outbox.rejected('HTTP 500');
    }
    // As from the file.
    outbox = new Outbox(counts, outboxSchema.parse(JSON.parse(JSON.stringify(outbox.state))));
    expectSums(outbox);
  }
  const { perHour, pauseMs } = density(attempts);
  expect(perHour).toBeLessThanOrEqual(MAX_PER_HOUR);
  expect(pauseMs).toBeGreaterThanOrEqual(MIN_INTERVAL_MS);
  outbox.discard();
  expectSums(outbox);
  expect(outbox.waiting).toBe(0);
}

describe('the messages to a target', () => {
  it('group events that occur shortly after each other, in their order', () => {
    const outbox = new Outbox(counts);
    add(outbox, event('a', T0));
    expect(outbox.take(T0 + GROUP_WAIT_MS - 1)).toBeUndefined();
    add(outbox, event('b', T0 + 1000));
    expect(outbox.take(T0 + GROUP_WAIT_MS)?.events.map(({ name }) => name)).toEqual(['a', 'b']);
    outbox.accepted();
    expect(counts).toMatchObject({ sent: 2, attempts: 1 });
    expect(outbox.waiting).toBe(0);
  });

  it('tell the last event of an alert, and the number of those before it', () => {
    const outbox = new Outbox(counts);
    for (let i = 0; i < 1235; i++) add(outbox, event('a', T0 + i, i % 2 === 0 ? 'fired' : 'resolved'));
    const message = outbox.take(T0 + 10_000);
    expect(message).toMatchObject({ events: [{ what: 'fired', at_ms: T0 + 1234 }], more: 1234 });
    outbox.accepted();
    add(outbox, event('a', T0 + 20_000));
    expect(outbox.take(T0 + 30_000)?.more).toBe(0);
    expectSums(outbox);
  });

  it('go on, although an alert never rests', () => {
    const outbox = new Outbox(counts);
    let sent = 0;
    for (let ms = 0; ms < 60_000; ms += 100) {
      add(outbox, event('a', T0 + ms));
      if (outbox.take(T0 + ms) === undefined) continue;
      sent++;
      outbox.accepted();
    }
    expect(sent).toBeGreaterThanOrEqual(5);
  });

  it.each([
    ['accepts them', 0, (_: number) => true],
    ['answers 500', 0, () => false],
    ['answers 500 every other time', 0, (attempt: number) => attempt % 2 === 0],
    ['hangs until the timeout', 10_000, () => false],
    ['is slow', 9000, () => true],
  ])('are at most 30 an hour for 100,000 events, and the counts add up: a target that %s', (_, answerMs, accepts) => {
    const outbox = new Outbox(counts);
    const attempts: number[] = [];
    let answerAt: number | undefined;
    let told = 0;
    const of = (message = outbox.state.message) => (message?.events.length ?? 0) + (message?.more ?? 0);
    for (let i = 0; i < 100_000; i++) {
      const now = T0 + i * 100;
      add(outbox, event(`alert-${i % 37}`, now, i % 3 === 0 ? 'resolved' : 'fired'));
      if (answerAt === undefined && outbox.take(now) !== undefined) {
        attempts.push(now);
        answerAt = now + answerMs;
      }
      if (answerAt === undefined || now < answerAt) continue;
      const isAccepted = accepts(attempts.length);
      told += isAccepted ? of() : 0;
      if (isAccepted) outbox.accepted();
      else outbox.rejected('HTTP 500');
      answerAt = undefined;
      expectSums(outbox);
    }
    const { perHour, pauseMs } = density(attempts);
    expect(perHour).toBeLessThanOrEqual(MAX_PER_HOUR);
    expect(pauseMs).toBeGreaterThanOrEqual(MIN_INTERVAL_MS);
    // 2.8 hours: 12 attempts of each message that is given up.
    expect(attempts.length).toBeGreaterThan(30);
    const { fired, resolved, sent, suppressed, failed } = counts;
    expect(fired + resolved).toBe(100_000);
    expect(sent + suppressed + failed + outbox.waiting).toBe(100_000);
    // Each is told by a message, or as a number.
    expect(told + of() + outbox.state.waiting.length + outbox.state.more).toBe(100_000);
  });

  it('keep to the budget and add up, whatever the target does and whenever it restarts', () => {
    const steps = fc.array(
      fc.record({
        pauseMs: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 900_000 })),
        names: fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 5 }),
        outcome: fc.constantFrom('accepted', 'rejected', 'crash before the answer', 'forget'),
      }),
      { maxLength: 300 },
    );
    fc.assert(fc.property(steps, expectWithinBudget));
  });
});

describe('a message that is not accepted', () => {
  it('is sent again with growing pauses for an hour, then given up and told as a number', () => {
    const outbox = new Outbox(counts);
    add(outbox, event('a', T0));
    const attempts: number[] = [];
    let givenUp: number | undefined;
    for (let now = T0; givenUp === undefined; now += 1000) {
      const message = outbox.take(now);
      if (message === undefined) continue;
      expect(message.events[0]?.name).toBe('a');
      attempts.push(now);
      if (outbox.rejected('HTTP 500') !== undefined) givenUp = now;
    }
    expect(attempts).toHaveLength(MAX_ATTEMPTS);
    expect(attempts.slice(1, 5).map((at, i) => at - (attempts[i] ?? 0))).toEqual([10_000, 20_000, 40_000, 80_000]);
    expect(givenUp - T0).toBeGreaterThanOrEqual(HOUR_MS);
    expect(givenUp - T0).toBeLessThan(HOUR_MS + 5 * 60_000);
    expect(counts).toMatchObject({ failed: 1, sent: 0, attempts: MAX_ATTEMPTS, failed_attempts: MAX_ATTEMPTS });
    add(outbox, event('b', givenUp + 1000));
    expect(outbox.take(givenUp + 20_000)).toMatchObject({ events: [{ name: 'b' }], more: 1 });
    expectSums(outbox);
  });

  it('stays the same while newer events wait behind it', () => {
    const outbox = new Outbox(counts);
    add(outbox, event('a', T0));
    outbox.take(T0 + 5000);
    outbox.rejected('HTTP 500');
    add(outbox, event('a', T0 + 6000, 'resolved'));
    expect(outbox.take(T0 + 20_000)?.events).toMatchObject([{ what: 'fired' }]);
    outbox.accepted();
    expect(outbox.take(T0 + 40_000)?.events).toMatchObject([{ what: 'resolved' }]);
  });

  it('does not wait for a day, if the clock is set back', () => {
    const outbox = new Outbox(counts);
    add(outbox, event('a', T0));
    outbox.take(T0 + 5000);
    outbox.rejected('HTTP 500');
    const yesterday = T0 - 24 * HOUR_MS;
    expect(outbox.take(yesterday)).toBeUndefined();
    expect(outbox.take(yesterday + MIN_INTERVAL_MS)).toBeDefined();
  });
});

it('bounds what waits: the oldest alert is told as a number only', () => {
  const outbox = new Outbox(counts);
  for (let i = 0; i < 150; i++) add(outbox, event(`alert-${i}`, T0));
  expect(outbox.waiting).toBe(100);
  expect(outbox.take(T0 + 5000)).toMatchObject({ more: 50 });
  expectSums(outbox);
});

it('counts a test message for the budget', () => {
  const outbox = new Outbox(counts);
  add(outbox, event('a', T0));
  outbox.countTest(T0 + 5000);
  expect(outbox.take(T0 + 14_999)).toBeUndefined();
  expect(outbox.take(T0 + 15_000)).toBeDefined();
});
