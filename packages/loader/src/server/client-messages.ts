/** Validates, counts and answers the messages of one client. Nothing a client sends may throw out of this file. */
import type { Acknowledgement, Rejection, RulesError } from '@packetlog/common';
import type * as z from 'zod/mini';
import type { LineLimit } from '../line-limit.ts';
import type { ClientBudget } from './access/budget.ts';
import { EncodedAnswer } from './answer-encoding.ts';
import type { Client } from './client.ts';
import { Unavailable } from './lookups.ts';
import { rejectedMessage } from './rejected-message.ts';

/** Number of invalid messages after which a client is disconnected. */
const MAX_BAD_MESSAGES = 10;
/** Entries in the send queue at which a client that sends without reading its answers is disconnected. */
const MAX_WAITING = 1000;
/**
 * Maximum number of a client's requests that are unanswered, or whose answers are unread; further ones are rejected.
 */
const MAX_UNREAD = 200;
/** Maximum bytes of answers waiting for the client. A single answer may be longer. */
const MAX_UNREAD_BYTES = 512 * 1024;
/** A timer takes a millisecond or more, so shorter pauses are not worth one. */
const MIN_PAUSE_MS = 5;
const MAX_NAME_LENGTH = 40;

const INTERNAL = { code: 'internal', message: 'The loader failed to handle this; see its log.' } as const;
/** Retry time for a client that has to read its answers first. */
const READ_FIRST_MS = 1000;
const UNREAD = {
  code: 'invalid',
  message: 'Too many answers are waiting for this client: read them, then retry.',
  retry_after_ms: READ_FIRST_MS,
} as const;
type Excess = Pick<Rejection, 'message' | 'retry_after_ms'> & { readonly code: 'invalid' };

export class ClientMessages {
  readonly #client: Client;
  readonly #lines: LineLimit;
  readonly #budget: ClientBudget;
  readonly #run: (work: () => void) => void;
  /** Requests that are unanswered or whose answer waits in the queue. */
  #unread = 0;
  #unreadBytes = 0;
  #isPaused = false;

  /** `run` runs the work of a request, now or later. */
  constructor(client: Client, lines: LineLimit, budget: ClientBudget, run: (work: () => void) => void) {
    this.#client = client;
    this.#lines = lines;
    this.#budget = budget;
    this.#run = run;
    client.socket.conn.on('packet', ({ data }: { data?: string | Buffer }) => this.#received(data?.length ?? 0));
    // When the connection ends, all waiting answers are written at once, and each adds a listener.
    client.socket.conn.setMaxListeners(0);
  }

  /**
   * Validates a message and answers it through `act`. `given` holds the event's arguments, the acknowledgement last.
   * `cost` is in the units of budget.ts and is computed from arguments that are not validated yet. Never throws:
   * socket.io would turn that into an uncaught exception. An EncodedAnswer passed to `done` is the whole answer.
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
    } catch (error) {
      failed(error);
      return;
    }
    this.#run(() => {
      try {
        const parsed = schema.safeParse(given[0]);
        if (parsed.success) {
          act(
            parsed.data,
            (value) => acknowledge(value instanceof EncodedAnswer ? value : { ok: true, value }),
            failed,
          );
          return;
        }
        const error = rejectedMessage(parsed.error);
        acknowledge({ ok: false, error });
        // Users type filters, so an invalid filter is not a bad message.
        if (error.filter === undefined) this.bad(error.message);
      } catch (error) {
        failed(error);
      }
    });
  }

  /** Answers requests that take time and validate their own input. Values that users type are not bad messages. */
  answerLater<Answer>(cost: number, given: readonly unknown[], work: (request: unknown) => Promise<Answer>): void {
    const acknowledge = this.#acknowledgement<Answer | { ok: false; error: RulesError }>(given);
    const excess = this.#excess(cost);
    if (excess) {
      acknowledge({ ok: false, error: excess });
      return;
    }
    const request = typeof given[0] === 'function' ? undefined : given[0];
    if (typeof request !== 'object' || request === null) this.bad('a request that is not an object');
    this.#run(() => {
      work(request).then(acknowledge, (error: unknown) => {
        this.failed(error);
        acknowledge({ ok: false, error: INTERNAL });
      });
    });
  }

  /** Like `answer`, for requests without side effects: one without an acknowledgement is rejected. */
  lookup: ClientMessages['answer'] = (cost, schema, given, act) =>
    this.answer(cost, schema, given, (input, done, failed) => {
      if (typeof given.at(-1) === 'function') act(input, done, failed);
      else this.bad('a request without an acknowledgement');
    });

  unknown(event: unknown): void {
    this.bad(`unknown event ${JSON.stringify(String(event).slice(0, MAX_NAME_LENGTH))}`);
  }

  bad(problem: string): void {
    const client = this.#client;
    client.badMessages++;
    this.#lines.warn({ address: client.socket.handshake.address, problem }, 'bad message');
    if (client.badMessages < MAX_BAD_MESSAGES) return;
    client.socket.disconnect(true);
    // A normal close would wait for the client to read.
    if (client.sendQueue.backlog > 0) client.terminate();
  }

  failed(error: unknown): void {
    // The client is gone, and its request was cancelled.
    if (error instanceof Error && error.name === 'AbortError') return;
    this.#lines.failed(error, 'handling a message failed');
  }

  /** Ends the connection of a client that does not read its queue. */
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

  /** Returns why a message is rejected before it is parsed. */
  #excess(cost: number): Excess | undefined {
    if (!this.#budget.take(cost)) {
      this.#pause();
      return tooMany(this.#budget.waitMs(cost));
    }
    return this.#unread > MAX_UNREAD || this.#unreadBytes > MAX_UNREAD_BYTES ? UNREAD : undefined;
  }

  #received(bytes: number): void {
    this.#budget.received(bytes);
    this.#pause();
  }

  /** Stops reading from the client until its debt is paid: what it sends until then stays on the client's machine. */
  #pause(): void {
    const { socket } = this.#client.socket.conn.transport as unknown as { socket?: Readable };
    if (this.#isPaused || this.#budget.debtMs < MIN_PAUSE_MS || socket === undefined) return;
    this.#isPaused = true;
    socket.pause();
    this.#budget.whenPaid(() => {
      this.#isPaused = false;
      socket.resume();
    });
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
      // Keep the order: the answer follows rows that were queued before it.
      this.#client.sendQueue.after((done) => {
        // engine.io accepts any amount: wait until the kernel has taken everything queued so far before sending the
        // next answer.
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

/** `waitMs` may be 0: the debt may be paid by now. */
function tooMany(waitMs: number): Excess {
  const retryMs = Math.max(1, waitMs);
  const message =
    'This client, or all clients of its address together, sent too many or too costly messages: send at most 100 a ' +
    `second, and requests about rules or the history less often. Retry in ${Math.ceil(retryMs / 1000)} s.`;
  return { code: 'invalid', message, retry_after_ms: retryMs };
}

/** The part of a WebSocket that stops and resumes reading from its connection. */
interface Readable {
  pause(): void;
  resume(): void;
}
