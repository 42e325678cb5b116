/** What one client asks for: validated, counted, answered. Nothing that it sends may throw out of here. */
import type { Acknowledgement, RulesError } from '@packetlog/common';
import type { Logger } from 'pino';
import type * as z from 'zod/mini';
import type { Client } from './client.ts';
import { MessageRate } from './message-rate.ts';
import { Unavailable } from './questions.ts';
import { refusedMessage } from './refused-message.ts';

/** Bad messages a client may send before it is disconnected. */
const MAX_BAD_MESSAGES = 10;
/** A client that sends without reading the answers is disconnected when so many things wait for it. */
const MAX_WAITING = 5000;
/** So much that a client asked may be unanswered or unread; beyond that it gets no more than a refusal. */
const MAX_UNREAD = 200;
const LONGEST_NAME = 40;

const INTERNAL = { code: 'internal', message: 'The loader failed to handle this; see its log.' } as const;
const UNREAD = { code: 'invalid', message: 'Too many answers wait for this client: read them, then ask.' } as const;
const TOO_MANY = { code: 'invalid', message: 'Too many messages: send at most 100 a second.' } as const;

export class ClientMessages {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #rate: MessageRate;
  /** What was asked and is not answered, or the answer waits for its turn. */
  #unread = 0;

  constructor(client: Client, log: Logger, now: () => number) {
    this.#client = client;
    this.#log = log;
    this.#rate = new MessageRate(now);
    // At the end all answers that wait are handed on at once, and each listens.
    client.socket.conn.setMaxListeners(0);
  }

  /** `given`: what came with the event, the acknowledgement last. */
  answer<Schema extends z.ZodMiniType, Value>(
    schema: Schema,
    given: readonly unknown[],
    act: (input: z.output<Schema>, done: (value: Value) => void, failed: (error: unknown) => void) => void,
  ): void {
    const acknowledge = this.#acknowledgement<Acknowledgement<Value>>(given);
    const failed = (error: unknown) => {
      if (error instanceof Unavailable) {
        acknowledge({ ok: false, error: { code: 'unavailable', message: error.message } });
        return;
      }
      this.failed(error);
      acknowledge({ ok: false, error: INTERNAL });
    };
    try {
      const excess = this.#excess();
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
  answerLater<Answer>(given: readonly unknown[], work: (request: unknown) => Promise<Answer>): void {
    const acknowledge = this.#acknowledgement<Answer | { ok: false; error: RulesError }>(given);
    const excess = this.#excess();
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

  unknown(event: unknown): void {
    this.bad(`unknown event ${JSON.stringify(String(event).slice(0, LONGEST_NAME))}`);
  }

  bad(problem: string): void {
    const client = this.#client;
    client.badMessages++;
    this.#log.warn({ client: client.socket.id, problem, count: client.badMessages }, 'bad message');
    if (client.badMessages < MAX_BAD_MESSAGES) return;
    client.socket.disconnect(true);
    // It would wait for the client to read.
    if (client.outbox.backlog > 0) client.terminate();
  }

  failed(error: unknown): void {
    this.#log.error({ err: error, client: this.#client.socket.id }, 'handling a message failed');
  }

  /** Ends the connection of a client that does not read what waits for it. */
  giveUp(): void {
    const client = this.#client;
    if (client.givenUp) return;
    const { outbox, socket } = client;
    const facts = { waiting: outbox.length, backlog_bytes: outbox.backlog, stalled_ms: Math.round(outbox.stalledMs()) };
    this.#log.warn({ client: socket.id, ...facts }, 'client disconnected: it does not read');
    client.terminate();
  }

  /** Why what came now is not even looked at. */
  #excess(): typeof TOO_MANY | typeof UNREAD | undefined {
    if (!this.#rate.take()) return TOO_MANY;
    return this.#unread > MAX_UNREAD ? UNREAD : undefined;
  }

  #acknowledgement<Answer>(given: readonly unknown[]): (answer: Answer) => void {
    const last = given.at(-1);
    if (typeof last !== 'function') return () => {};
    this.#unread++;
    let isAnswered = false;
    return (answer) => {
      if (isAnswered) return;
      isAnswered = true;
      // In its turn: behind the rows that were sent before.
      this.#client.outbox.after((done) => {
        // engine.io takes whatever it is given: the next one waits until the kernel has taken what was there before this.
        this.#client.socket.conn.once('drain', () => {
          this.#unread--;
          done();
        });
        last(answer);
      });
      if (this.#client.outbox.length > MAX_WAITING) this.giveUp();
    };
  }
}
