/**
 * The messages to one target: groups events, keeps to the budget, retries, and counts what it does not tell. Pure: its
 * state is JSON, and the clock is given (Unix time, ms).
 */
import { z } from 'zod';
import type { AlertCounts } from '../ipc/alerts/alerts-access.ts';
import { type AlertEvent, alertEventSchema } from './messages/alert-event.ts';

/** Events that occur within this time after the first one are told in one message. */
export const GROUP_WAIT_MS = 2000;
/** Each attempt counts, also one that fails. */
export const MIN_INTERVAL_MS = 10_000;
export const MAX_PER_HOUR = 30;
const HOUR_MS = 3_600_000;
const MAX_PAUSE_MS = 600_000;
/** With the pauses between them, these take an hour. Time without a server process does not count. */
export const MAX_ATTEMPTS = 12;
const MAX_EVENTS = 20;
/** Alerts with an event that waits. */
const MAX_WAITING = 100;

const count = z.number().int().nonnegative();

const messageSchema = z.object({
  /** In the order in which they occurred; one for each alert. */
  events: z.array(alertEventSchema).min(1),
  /** Events before this message that no message tells. */
  more: count,
  /** When to try again. */
  next_at_ms: z.number(),
  attempts: count,
});
export type AlertMessage = z.infer<typeof messageSchema>;

export const outboxSchema = z.object({
  waiting: z.array(alertEventSchema).max(MAX_WAITING),
  /** Since when events wait. */
  waiting_since_ms: z.number().optional(),
  more: count,
  /** The message that is being sent, until the target accepts it. */
  message: messageSchema.optional(),
  /** Times of the attempts of the last hour. */
  attempts_ms: z.array(z.number()),
  /** Why the last attempt failed. */
  problem: z.string().optional(),
});
type OutboxState = z.infer<typeof outboxSchema>;

export class Outbox {
  readonly #counts: AlertCounts;
  #state: OutboxState;

  /** `counts`: shared by all outboxes; the events themselves are counted by the caller. */
  constructor(counts: AlertCounts, state: OutboxState = { waiting: [], more: 0, attempts_ms: [] }) {
    this.#counts = counts;
    this.#state = state;
  }

  get state(): OutboxState {
    return this.#state;
  }

  /** Events that the target has not accepted. */
  get waiting(): number {
    return this.#state.waiting.length + (this.#state.message?.events.length ?? 0);
  }

  get problem(): string | undefined {
    return this.#state.problem;
  }

  /** A newer event of an alert replaces the one that waits: only the last one is told. */
  add(event: AlertEvent): void {
    const waiting = this.#state.waiting.filter(({ fingerprint }) => fingerprint !== event.fingerprint);
    const kept = waiting.slice(Math.max(0, waiting.length + 1 - MAX_WAITING));
    const replaced = this.#state.waiting.length - kept.length;
    this.#counts.suppressed += replaced;
    this.#state = {
      ...this.#state,
      waiting: [...kept, event],
      waiting_since_ms: this.#state.waiting_since_ms ?? event.at_ms,
      more: this.#state.more + replaced,
    };
  }

  /** Discards what waits for an alert that was removed. A message that is being sent stays. */
  forget(fingerprint: string): void {
    const waiting = this.#state.waiting.filter((event) => event.fingerprint !== fingerprint);
    this.#counts.discarded += this.#state.waiting.length - waiting.length;
    this.#state = { ...this.#state, waiting };
    if (waiting.length === 0) {
      const { waiting_since_ms: _, ...rest } = this.#state;
      this.#state = rest;
    }
  }

  /** Discards everything: no alert has this target any longer. */
  discard(): void {
    this.#counts.discarded += this.waiting;
    const { message: _, waiting_since_ms: __, ...rest } = this.#state;
    this.#state = { ...rest, waiting: [], more: 0 };
  }

  /**
   * Returns the message to send now; undefined: nothing is due, or the budget is used up. The attempt is counted: store
   * the state before the message is sent, so that no crash exceeds the budget.
   */
  take(nowMs: number): AlertMessage | undefined {
    const recent = this.#recentAttempts(nowMs);
    this.#state = { ...this.#state, attempts_ms: recent };
    if (recent.length >= MAX_PER_HOUR || nowMs - (recent.at(-1) ?? Number.NEGATIVE_INFINITY) < MIN_INTERVAL_MS) {
      return undefined;
    }
    const message = this.#due(nowMs);
    if (message === undefined) return undefined;
    const attempts = message.attempts + 1;
    const taken = { ...message, attempts, next_at_ms: nowMs + pauseMs(attempts) };
    this.#state = { ...this.#state, message: taken, attempts_ms: [...recent, nowMs] };
    this.#counts.attempts++;
    return taken;
  }

  /** Counts a request that is no message of the queue. */
  countTest(nowMs: number): void {
    this.#state = { ...this.#state, attempts_ms: [...this.#recentAttempts(nowMs), nowMs] };
    this.#counts.attempts++;
  }

  /** The target has accepted the message. */
  accepted(): void {
    const { message, problem: _, ...rest } = this.#state;
    this.#counts.sent += message?.events.length ?? 0;
    this.#state = rest;
  }

  /** The target has not accepted it. Returns the message if it is given up. */
  rejected(problem: string): AlertMessage | undefined {
    const { message, ...rest } = this.#state;
    this.#counts.failed_attempts++;
    if (message === undefined || message.attempts < MAX_ATTEMPTS) {
      this.#state = { ...this.#state, problem };
      return undefined;
    }
    this.#counts.failed += message.events.length;
    this.#state = { ...rest, problem, more: rest.more + message.more + message.events.length };
    return message;
  }

  /** Returns the message that waits for its next attempt, or begins one; undefined: neither is due. */
  #due(nowMs: number): AlertMessage | undefined {
    const { message, waiting, more } = this.#state;
    // Also if the clock was set back.
    if (message !== undefined) {
      const isDue = nowMs >= message.next_at_ms || message.next_at_ms - nowMs > MAX_PAUSE_MS;
      return isDue ? message : undefined;
    }
    const sinceMs = this.#state.waiting_since_ms;
    if (waiting.length === 0 || (sinceMs !== undefined && Math.abs(nowMs - sinceMs) < GROUP_WAIT_MS)) return undefined;
    const { waiting_since_ms: _, ...rest } = this.#state;
    const left = waiting.slice(MAX_EVENTS);
    this.#state = { ...rest, waiting: left, more: 0, ...(left.length > 0 && { waiting_since_ms: nowMs }) };
    return { events: waiting.slice(0, MAX_EVENTS), more, next_at_ms: nowMs, attempts: 0 };
  }

  #recentAttempts(nowMs: number): number[] {
    // Times in the future, from before the clock was set back, count as now.
    return this.#state.attempts_ms.map((at) => Math.min(at, nowMs)).filter((at) => nowMs - at < HOUR_MS);
  }
}

/** Returns the pause after an attempt: 10 s, doubled each time, at most 10 min. */
function pauseMs(attempts: number): number {
  return Math.min(MAX_PAUSE_MS, MIN_INTERVAL_MS * 2 ** (attempts - 1));
}
