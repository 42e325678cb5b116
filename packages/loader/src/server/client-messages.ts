/** What one client asks for: validated, counted, answered. Nothing that it sends may throw out of here. */
import type { Acknowledgement, Refusal, RulesError } from '@packetlog/common';
import type * as z from 'zod/mini';
import type { ClientBudget } from './access/budget.ts';
import type { LineLimit } from './access/line-limit.ts';
import { EncodedAnswer } from './answer-encoding.ts';
import type { Client } from './client.ts';
import { Unavailable } from './lookups.ts';
import { refusedMessage } from './rejected-message.ts';

/** Bad messages a client may send before it is disconnected. */
const MAX_BAD_MESSAGES = 10;
/** A client that sends without reading the answers is disconnected when so many things wait for it. */
const MAX_WAITING = 1000;
/** What a client asked that may be unanswered or unread; beyond that it gets no more than a rejection. */
const MAX_UNREAD = 200;
/** Of the answers that wait for it. One may be longer. */
const MAX_UNREAD_BYTES = 512 * 1024;
/** A timer takes a millisecond or more. */
const LEAST_PAUSE_MS = 5;
const LONGEST_NAME = 40;

const INTERNAL = { code: 'internal', message: 'The loader failed to handle this; see its log.' } as const;
/** For a client that has answers to read first. */
const READ_FIRST_MS = 1000;
const UNREAD = {
  code: 'invalid',
  message: 'Too many answers wait for this client: read them, then ask.',
  retry_after_ms: READ_FIRST_MS,
} as const;
type Excess = Pick<Refusal, 'message' | 'retry_after_ms'> & { readonly code: 'invalid' };

export class ClientMessages {
  readonly #client: Client;
  readonly #lines: LineLimit;
  readonly #budget: ClientBudget;
  /** What was asked and is not answered, or the answer waits for its turn. */
  #unread = 0;
  #unreadBytes = 0;
  #isPaused = false;

  constructor(client: Client, lines: LineLimit, budget: ClientBudget) {
    this.#client = client;
    this.#lines = lines;
    this.#budget = budget;
    // At the end all answers that wait are handed on at once, and each listens.
    client.socket.conn.setMaxListeners(0);
  }

  /**
   * `given`: what came with the event, the acknowledgement last. `cost`: in the units of budget.ts, by what was given, which
   * is not validated yet. Never throws: socket.io would pass that on as uncaught.
   */
  answer<Schema extends z.ZodMiniType, Value>(
    cost: () => number,
    schema: Schema,
    given: readonly unknown[],
    act: (input: z.output<Schema>, done: (value: Value) => void, failed: (error: unknown) => void) => void,
  ): void {
    const acknowledge = this.#acknowledgement<Acknowledgement<Value>>(given);
    const failed = (error: unknown) => {
      if (error instanceof Unavailable) {
        const { message, retryAfterMs } = error;
        const again = retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
        acknowledge({ ok: false, error: { code: 'unavailable', message, ...again } });
        return;
      }
      this.failed(error);
      acknowledge({ ok: false, error: INTERNAL });
    };
    try {
      const excess = this.#excess(cost());
      if (excess) {
        acknowledge({ ok: false, error: excess });
        return;
      }
      const parsed = schema.safeParse(given[0]);
      if (parsed.success) {
        act(parsed.data, (value) => acknowledge({ ok: true, value }), failed);
        return;
      }
      const error = refusedMessage(parsed.error);
      acknowledge({ ok: false, error });
      // A filter is written by people.
      if (error.filter === undefined) this.bad(error.message);
    } catch (error) {
      failed(error);
    }
  }

  /** For what takes its time and validates by itself. Values that people write are no bad messages. */
  answerLater<Answer>(cost: number, given: readonly unknown[], work: (request: unknown) => Promise<Answer>): void {
    const acknowledge = this.#acknowledgement<Answer | { ok: false; error: RulesError }>(given);
    const excess = this.#excess(cost);
    if (excess) {
      acknowledge({ ok: false, error: excess });
      return;
    }
    const request = typeof given[0] === 'function' ? undefined : given[0];
    if (typeof request !== 'object' || request === null) this.bad('a request that is no object');
    work(request).then(acknowledge, (error: unknown) => {
      this.failed(error);
      acknowledge({ ok: false, error: INTERNAL });
    });
  }

  /** As `answer`, for what only its answer is asked for: without an acknowledgement nothing is done. */
  question: ClientMessages['answer'] = (cost, schema, given, act) =>
    this.answer(cost, schema, given, (input, done, failed) => {
      if (typeof given.at(-1) === 'function') act(input, done, failed);
      else this.bad('a question without an acknowledgement');
    });

  unknown(event: unknown): void {
    this.bad(`unknown event ${JSON.stringify(String(event).slice(0, LONGEST_NAME))}`);
  }

  bad(problem: string): void {
    const client = this.#client;
    client.badMessages++;
    this.#lines.warn({ address: client.socket.handshake.address, problem }, 'bad message');
    if (client.badMessages < MAX_BAD_MESSAGES) return;
    client.socket.disconnect(true);
    // It would wait for the client to read.
    if (client.sendQueue.backlog > 0) client.terminate();
  }

  failed(error: unknown): void {
    this.#lines.failed(error, 'handling a message failed');
  }

  /** Ends the connection of a client that does not read what waits for it. */
  disconnectSlowConsumer(): void {
    const client = this.#client;
    if (client.givenUp) return;
    const { sendQueue, socket } = client;
    const facts = {
      waiting: sendQueue.length,
      backlog_bytes: sendQueue.backlog,
      stalled_ms: Math.round(sendQueue.stalledMs()),
    };
    this.#lines.warn({ client: socket.id, ...facts }, 'client disconnected: it does not read');
    client.terminate();
  }

  /** Why what came now is not even looked at. */
  #excess(cost: number): Excess | undefined {
    if (!this.#budget.take(cost)) {
      this.#pause();
      return tooMany(this.#budget.waitMs(cost));
    }
    return this.#unread > MAX_UNREAD || this.#unreadBytes > MAX_UNREAD_BYTES ? UNREAD : undefined;
  }

  /** Reads nothing more from it until its debt is paid: what it sends meanwhile waits in its own machine. */
  #pause(): void {
    const { debtMs } = this.#budget;
    const { socket } = this.#client.socket.conn.transport as unknown as { socket?: Readable };
    if (this.#isPaused || debtMs < LEAST_PAUSE_MS || socket === undefined) return;
    this.#isPaused = true;
    socket.pause();
    const wait = () => {
      // What was read before may have added to it.
      const more = this.#budget.debtMs;
      if (more > 0) {
        setTimeout(wait, more).unref();
        return;
      }
      this.#isPaused = false;
      socket.resume();
    };
    wait();
  }

  #acknowledgement<Answer>(given: readonly unknown[]): (answer: Answer | EncodedAnswer) => void {
    const last = given.at(-1);
    if (typeof last !== 'function') return () => {};
    this.#unread++;
    let isAnswered = false;
    return (answer) => {
      if (isAnswered) return;
      isAnswered = true;
      const encoded = EncodedAnswer.of(answer);
      const bytes = encoded.json.length;
      this.#unreadBytes += bytes;
      // In its turn: behind the rows that were sent before.
      this.#client.sendQueue.after((done) => {
        // engine.io takes whatever it is given: the next one waits until the kernel has taken what was there before this.
        this.#client.socket.conn.once('drain', () => {
          this.#unread--;
          this.#unreadBytes -= bytes;
          done();
        });
        last(encoded);
      });
      if (this.#client.sendQueue.length > MAX_WAITING) this.disconnectSlowConsumer();
    };
  }
}

function tooMany(waitMs: number): Excess {
  const message =
    'Too many messages, or too costly ones, came from this client or with others from its address: send at most 100 a ' +
    `second, and requests about rules or the past less often. Ask again in ${Math.ceil(waitMs / 1000)} s.`;
  return { code: 'invalid', message, retry_after_ms: Math.max(1, waitMs) };
}

/** Of a WebSocket: it stops reading from its connection. */
interface Readable {
  pause(): void;
  resume(): void;
}
