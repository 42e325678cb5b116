/** One proven connection to a hub, from the welcome to its end: reports, and answers to what the hub asks. */
import type { Duplex } from 'node:stream';
import {
  type AskedEvent,
  askSchema,
  confirmSchema,
  type HubToNodeEvents,
  leaveSchema,
  type NodeRules,
  type NodeToHubEvents,
  relayOrderSchema,
  rhythmSchema,
  type Signed,
  signedGenerationSchema,
  type Welcome,
} from '@packetlog/common/fleet';
import type { Socket } from 'socket.io-client';
import type { FleetAnswer } from '../ipc/fleet/fleet-access.ts';
import type { EncodedAnswer } from '../server/answer-encoding.ts';
import { rejected } from '../server/asked-events.ts';
import type { FleetQuestions } from './fleet-questions.ts';
import type { NodeState } from './node-state.ts';
import { ReportInterval } from './report-interval.ts';

/** Questions of a hub that are not answered yet; further ones are rejected. */
const MAX_ASKED = 8;
/** Relays that are being dialed. */
const MAX_RELAYS = 64;
/** A report of this second is due if this part of the interval is over: the seconds are not exact. */
const DUE = 0.75;
/** Without a second, such as while no packets arrive, a report is this much late. */
const LATE = 1.25;
/** Shortest time between two messages about changed rules. */
const RULES_MS = 1000;

export type HubSocket = Socket<HubToNodeEvents, NodeToHubEvents>;

export interface SessionParts {
  readonly socket: HubSocket;
  readonly welcome: Welcome;
  readonly core: FleetQuestions;
  readonly state: NodeState;
  /** Answers a request as if a client had sent it. Never rejects. */
  readonly ask: (event: AskedEvent, request: unknown) => Promise<EncodedAnswer>;
  /** Dials a relay with this ID, and serves HTTP on it. Rejects with what failed. */
  readonly relay: (id: string) => Promise<Duplex>;
  /** The hub closes the connection; come back after a random part of this time. */
  readonly leave: (withinMs: number) => void;
  readonly warn: (problem: string) => void;
}

export class HubSession {
  readonly #parts: SessionParts;
  readonly #interval = new ReportInterval(Date.now());
  #reportMs: number;
  #reportedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #rulesTimer: NodeJS.Timeout | undefined;
  #rulesSentAt = Number.NEGATIVE_INFINITY;
  #sentRules = '';
  #asked = 0;
  #relays = 0;
  /** Generations and confirmations of this hub, one after the other. */
  #order: Promise<unknown> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#reportMs = parts.welcome.report_ms;
    this.#listen(parts.socket);
    this.report();
  }

  end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#rulesTimer);
  }

  /** Call it after the state has got the second. */
  second(summary: Parameters<ReportInterval['add']>[0]): void {
    this.#interval.add(summary);
    if (performance.now() - this.#reportedAt >= this.#reportMs * DUE) this.report();
  }

  /** Tells the hub at once, at most once a second. */
  rulesChanged(): void {
    if (this.#rulesTimer !== undefined) return;
    const wait = Math.max(0, this.#rulesSentAt + RULES_MS - performance.now());
    this.#rulesTimer = setTimeout(() => {
      this.#rulesTimer = undefined;
      const { rules } = this.#parts.state;
      const text = JSON.stringify(rules);
      if (text === this.#sentRules) return;
      this.#sentRules = text;
      this.#rulesSentAt = performance.now();
      this.#parts.socket.emit('rules', rules);
    }, wait);
  }

  report(): void {
    const { socket, state } = this.#parts;
    const nowMs = Date.now();
    const report = state.report(this.#interval.take(nowMs), nowMs);
    this.#sentRules = JSON.stringify(report.rules);
    this.#reportedAt = performance.now();
    this.#plan();
    // What waits for a hub that does not read is not worth more memory.
    socket.volatile.emit('report', report);
  }

  #plan(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.report(), this.#reportMs * LATE);
  }

  #listen(socket: HubSocket): void {
    socket.on('rhythm', (rhythm) => {
      const parsed = rhythmSchema.safeParse(rhythm);
      if (!parsed.success) return;
      this.#reportMs = parsed.data.report_ms;
      if (performance.now() - this.#reportedAt >= this.#reportMs) this.report();
      else this.#plan();
    });
    socket.on('leave', (why) => this.#parts.leave(leaveSchema.safeParse(why).data?.within_ms ?? 0));
    socket.on('generation', (signed, acknowledge) =>
      this.#inOrder(acknowledge, () => this.#receive(signed as unknown)),
    );
    socket.on('confirm', (which, acknowledge) =>
      this.#inOrder(acknowledge, async () => this.#rulesOf(await this.#parts.core.confirm(confirmSchema.parse(which)))),
    );
    socket.on('repair', (acknowledge) =>
      this.#inOrder(acknowledge, async () => this.#rulesOf(await this.#parts.core.repair())),
    );
    // The parser writes what is encoded already.
    socket.on('ask', (question, acknowledge) => void this.#ask(question, acknowledge as (answer: unknown) => void));
    socket.on('relay', (order) => void this.#relay(order));
  }

  #inOrder(acknowledge: (rules: NodeRules) => void, work: () => Promise<NodeRules>): void {
    const answer = this.#order.then(work).catch((error: unknown) => {
      this.#parts.warn(error instanceof Error ? error.message : String(error));
      return this.#parts.state.rules;
    });
    this.#order = answer;
    void answer.then((rules) => acknowledge(rules));
  }

  async #receive(given: unknown): Promise<NodeRules> {
    const signed = signedGenerationSchema.parse(given);
    const answer = await this.#parts.core.generation(signed);
    if (answer.ok && answer.value !== undefined) return answer.value;
    const { code, message } = answer.ok ? { code: 'internal', message: 'The node has not decided.' } : answer.error;
    this.#parts.warn(message);
    const number = numberOf(signed);
    return number === undefined
      ? this.#parts.state.rules
      : { ...this.#parts.state.rules, answer: { number, state: 'failed', code, message } };
  }

  #rulesOf(answer: FleetAnswer<NodeRules>): NodeRules {
    if (answer.ok) return answer.value;
    this.#parts.warn(answer.error.message);
    return this.#parts.state.rules;
  }

  async #ask(given: unknown, acknowledge: (answer: EncodedAnswer) => void): Promise<void> {
    const parsed = askSchema.safeParse(given);
    if (!parsed.success) {
      acknowledge(rejected('invalid', 'The node does not answer this question. Update the node.'));
      return;
    }
    if (this.#asked >= MAX_ASKED) {
      acknowledge(rejected('unavailable', `${MAX_ASKED} questions of this hub wait for their answers. Ask again.`));
      return;
    }
    this.#asked++;
    const { event, request } = parsed.data;
    const answer = await this.#parts.ask(event, request);
    this.#asked--;
    acknowledge(answer);
  }

  async #relay(given: unknown): Promise<void> {
    const parsed = relayOrderSchema.safeParse(given);
    if (!parsed.success || this.#relays >= MAX_RELAYS) return;
    this.#relays++;
    try {
      await this.#parts.relay(parsed.data.id);
    } catch (error) {
      this.#parts.warn(`A relay could not be opened: ${error instanceof Error ? error.message : String(error)}.`);
    } finally {
      this.#relays--;
    }
  }
}

/** Returns the number in a generation whose signature is not verified. */
function numberOf({ payload }: Signed): number | undefined {
  try {
    const { number } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { number?: unknown };
    return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
  } catch {
    return undefined;
  }
}
