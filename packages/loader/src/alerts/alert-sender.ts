/** Sends what waits for the targets, through the server process, and keeps it on the disk until a target has it. */
import type { AlertCounts, AlertDefinition, AlertHistoryEntry, AlertTarget } from '../ipc/alerts/alerts-access.ts';
import { type DeliveryResult, isAccepted, type OutgoingRequest } from '../ipc/alerts/outgoing-request.ts';
import { printableName } from '../system/interface-name.ts';
import type { StoredAlertState } from './alert-files.ts';
import { targetKey } from './alert-target.ts';
import type { AlertEvent } from './messages/alert-event.ts';
import { render } from './messages/render.ts';
import { type AlertMessage, Outbox } from './outbox.ts';

const MAX_HISTORY = 200;

export interface AlertSenderOptions {
  /** Sends a request. Never rejects. */
  readonly deliver: (request: OutgoingRequest) => Promise<DeliveryResult>;
  /** Whether a server process can send now. */
  readonly canDeliver: () => boolean;
  readonly node: string;
  /** Address of the dashboard. */
  readonly dashboard: () => string;
  readonly wallMs: () => number;
  /** A message was given up. */
  readonly givenUp: (message: AlertMessage, why: string) => void;
}

export class AlertSender {
  readonly counts: AlertCounts;
  readonly #options: AlertSenderOptions;
  readonly #outboxes: Map<string, Outbox>;
  readonly #targets = new Map<string, AlertTarget>();
  readonly #sending = new Map<string, Promise<void>>();
  #history: AlertHistoryEntry[];
  /** Whether something has changed since `stored`. */
  #isChanged = false;

  constructor(options: AlertSenderOptions, { counts, outboxes, history }: StoredAlertState) {
    this.#options = options;
    this.counts = counts;
    this.#history = [...history];
    this.#outboxes = new Map(Object.entries(outboxes).map(([key, state]) => [key, new Outbox(counts, state)]));
  }

  get history(): readonly AlertHistoryEntry[] {
    return this.#history;
  }

  /** Events that no target has accepted. */
  get waiting(): number {
    return [...this.#outboxes.values()].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Events that wait for a target, and why the last attempt failed. */
  stateOf(target: AlertTarget): { readonly waiting: number; readonly problem: string | undefined } {
    const outbox = this.#outboxes.get(targetKey(target));
    return { waiting: outbox?.waiting ?? 0, problem: outbox?.problem };
  }

  /** Uses the targets of these alerts. What waits for other targets is discarded. */
  useTargetsOf(alerts: readonly AlertDefinition[]): void {
    this.#targets.clear();
    for (const { target } of alerts) this.#targets.set(targetKey(target), target);
    for (const [key, outbox] of this.#outboxes) {
      if (this.#targets.has(key)) continue;
      outbox.discard();
      this.#outboxes.delete(key);
      this.#isChanged = true;
    }
  }

  add(event: AlertEvent, target: AlertTarget): void {
    this.counts[event.what]++;
    this.#outboxOf(target).add(event);
    this.#note({ at_ms: event.at_ms, name: event.name, what: event.what, text: event.value });
  }

  /** The alert was removed. */
  forget(fingerprint: string, target: AlertTarget): void {
    this.#outboxes.get(targetKey(target))?.forget(fingerprint);
    this.#isChanged = true;
  }

  /**
   * Sends the messages that are due. `store` is called before the first one is sent: then a message may be sent twice
   * after a crash, but the budget holds, and none is lost.
   */
  send(store: () => void): void {
    if (!this.#options.canDeliver()) return;
    const now = this.#options.wallMs();
    const due: [string, AlertTarget, AlertMessage][] = [];
    for (const [key, outbox] of this.#outboxes) {
      const target = this.#targets.get(key);
      const message = target === undefined || this.#sending.has(key) ? undefined : outbox.take(now);
      if (target !== undefined && message !== undefined) due.push([key, target, message]);
    }
    if (due.length === 0) return;
    this.#isChanged = true;
    store();
    for (const [key, target, message] of due) {
      const sending = this.#deliver(key, target, message).then(() => {
        this.#sending.delete(key);
        store();
      });
      this.#sending.set(key, sending);
    }
  }

  /** Sends a test message at once. It counts for the budget, but does not wait for it. */
  async test(event: AlertEvent, target: AlertTarget): Promise<DeliveryResult> {
    if (!this.#options.canDeliver()) return { text: 'the server process, which sends messages, does not run' };
    this.#outboxOf(target).countTest(this.#options.wallMs());
    this.#isChanged = true;
    const result = await this.#request(target, { events: [{ ...event, is_test: true }], more: 0 });
    if (!isAccepted(result)) this.counts.failed_attempts++;
    return result;
  }

  /** Resolves when all requests that are being sent are answered. */
  async finish(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  /** What to store. */
  get stored(): Pick<StoredAlertState, 'counts' | 'outboxes' | 'history'> {
    const outboxes = Object.fromEntries([...this.#outboxes].map(([key, { state }]) => [key, state]));
    return { counts: this.counts, outboxes, history: [...this.#history] };
  }

  /** Returns whether anything has changed since the last call. */
  takeChange(): boolean {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    return isChanged;
  }

  async #deliver(key: string, target: AlertTarget, message: AlertMessage): Promise<void> {
    const result = await this.#request(target, message);
    const outbox = this.#outboxes.get(key);
    // The alert was removed meanwhile, and what waited was counted as discarded.
    if (outbox === undefined) return;
    const text = resultText(result);
    if (isAccepted(result)) {
      outbox.accepted();
      this.#noteAll(message, 'sent', text);
      return;
    }
    const givenUp = outbox.rejected(text);
    this.#noteAll(message, givenUp === undefined ? 'retried' : 'failed', text);
    if (givenUp !== undefined) this.#options.givenUp(givenUp, text);
  }

  #request(target: AlertTarget, message: Pick<AlertMessage, 'events' | 'more'>): Promise<DeliveryResult> {
    const { node, dashboard, wallMs, deliver } = this.#options;
    return deliver(render(target, { ...message, node, dashboard: dashboard(), nowMs: wallMs() }));
  }

  #outboxOf(target: AlertTarget): Outbox {
    const key = targetKey(target);
    const outbox = this.#outboxes.get(key) ?? new Outbox(this.counts);
    this.#outboxes.set(key, outbox);
    return outbox;
  }

  #noteAll({ events }: AlertMessage, what: AlertHistoryEntry['what'], text: string): void {
    for (const { name } of events) this.#note({ at_ms: this.#options.wallMs(), name, what, text });
  }

  #note(entry: AlertHistoryEntry): void {
    this.#history = [...this.#history, entry].slice(-MAX_HISTORY);
    this.#isChanged = true;
  }
}

/** Returns what the target said, safe for a terminal: the text is the target's. */
export function resultText({ status, text }: DeliveryResult): string {
  const foreign = printableName(text.replace(/\s+/g, ' ').trim());
  if (status === undefined) return foreign;
  const redirect = status >= 300 && status < 400 ? ' (redirects are not followed)' : '';
  return `HTTP ${status}${redirect}${foreign === '' ? '' : `: ${foreign}`}`;
}
