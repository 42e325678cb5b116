/**
 * Sends the rules to clients: all of them when they change, their counters every second, and the answers to `rules:*`.
 */
import { type RuleCounters, type RulesVerb, rulesRequestSchemas } from '@packetlog/common';
import type { RemoteCaller, RulesForClients } from '../ipc/rules-access.ts';
import { rulesCost } from './access/message-cost.ts';
import { EncodedAnswer } from './answer-encoding.ts';
import type { Client } from './client.ts';
import type { ClientMessages } from './client-messages.ts';
import { eventMessage, type Message } from './streams/frames.ts';
import type { StreamClock } from './streams/row-stream.ts';
import { BACKLOG_BYTES } from './streams/send-queue.ts';

/** Shortest time between two snapshots. */
const BETWEEN_MS = 200;
/** Rules that expire leave the snapshot without a notification. */
const FRESH_MS = 1000;

/** All rules, encoded once and shared until they or their counters change. */
interface Snapshot {
  readonly madeAt: number;
  readonly message: Promise<Message>;
}

/** The same for `rules:list`. */
interface Listed {
  readonly madeAt: number;
  readonly answer: Promise<EncodedAnswer>;
}

const VERBS = Object.keys(rulesRequestSchemas) as RulesVerb[];
export const RULES_EVENTS: readonly string[] = VERBS.map((verb) => `rules:${verb}`);

export class RulesFeed {
  readonly #rules: RulesForClients;
  readonly #clock: StreamClock;
  readonly #clients: () => Iterable<Client>;
  /** Clients that have not received the newest snapshot. */
  readonly #behind = new Set<Client>();
  #sentAt = Number.NEGATIVE_INFINITY;
  #isPlanned = false;
  /** Number of changes so far. */
  #changes = 0;
  #snapshot: Snapshot | undefined;
  #listed: Listed | undefined;

  constructor(rules: RulesForClients, clock: StreamClock, clients: () => Iterable<Client>) {
    this.#rules = rules;
    this.#clock = clock;
    this.#clients = clients;
  }

  /** Sends the rules to a new client, and handles its requests. */
  admit(client: Client, messages: ClientMessages): void {
    const { caller } = client;
    for (const verb of VERBS) {
      client.socket.on(`rules:${verb}`, (...given: unknown[]) =>
        messages.answerLater<object>(rulesCost(verb), given, async (request) =>
          verb === 'list' && isEmpty(request) ? this.#list(caller) : this.#rules.ask(verb, request, caller),
        ),
      );
    }
    this.#behind.add(client);
    this.sendNewest();
  }

  changed(): void {
    this.#changes++;
    this.#snapshot = undefined;
    this.#listed = undefined;
    for (const client of this.#clients()) this.#behind.add(client);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#clock.after(Math.max(0, this.#sentAt + BETWEEN_MS - this.#clock.now()), () => {
      this.#isPlanned = false;
      this.sendNewest();
    });
  }

  counted(counters: RuleCounters): void {
    this.#snapshot = undefined;
    this.#listed = undefined;
    const message = eventMessage('rule_counters', JSON.stringify(counters));
    for (const { sendQueue } of this.#clients()) if (!sendQueue.isFull(BACKLOG_BYTES / 2)) sendQueue.send(message);
  }

  /** Sends the newest snapshot to every client that lacks it and can take it. Call it periodically. */
  sendNewest(): void {
    if (this.#behind.size === 0) return;
    this.#sentAt = this.#clock.now();
    const changes = this.#changes;
    const send = (message: Message) => {
      for (const client of this.#behind) {
        if (client.sendQueue.isFull(BACKLOG_BYTES / 2)) continue;
        // If the rules have changed meanwhile, a newer snapshot follows.
        if (changes === this.#changes) this.#behind.delete(client);
        client.sendQueue.send(message);
      }
    };
    // Rejects if the core has ended: this process then ends, too.
    this.#now().message.then(send, () => {});
  }

  left(client: Client): void {
    this.#behind.delete(client);
  }

  /** Answers `rules:list`, which read-only clients may send too. */
  #list(caller: RemoteCaller): Promise<EncodedAnswer> {
    const madeAt = this.#clock.now();
    if (this.#listed === undefined || madeAt - this.#listed.madeAt > FRESH_MS) {
      this.#listed = { madeAt, answer: this.#rules.ask('list', {}, caller).then(EncodedAnswer.of) };
    }
    return this.#listed.answer;
  }

  #now(): Snapshot {
    const madeAt = this.#clock.now();
    if (this.#snapshot === undefined || madeAt - this.#snapshot.madeAt > FRESH_MS) {
      const message = this.#rules.snapshot().then((snapshot) => eventMessage('rules', JSON.stringify(snapshot)));
      this.#snapshot = { madeAt, message };
    }
    return this.#snapshot;
  }
}

/** Returns whether the request passes the schema of a list. */
function isEmpty(request: unknown): boolean {
  const isObject = typeof request === 'object' && request !== null && !Array.isArray(request);
  return isObject && Object.keys(request).length === 0;
}
