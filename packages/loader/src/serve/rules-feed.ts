/** The rules as clients see them: all of them when they change, what they counted each second, and `rules:*`. */
import { type RuleCounters, type RulesVerb, rulesRequestSchemas } from '@packetlog/common';
import type { Desk } from '../rules/desk.ts';
import type { Client } from './client.ts';
import type { ClientMessages } from './client-messages.ts';
import { BACKLOG_BYTES } from './outbox.ts';
import type { StreamClock } from './row-stream.ts';
import { eventMessage } from './wire.ts';

/** Many changes in a row are told at most so often. */
const BETWEEN_MS = 200;

const VERBS = Object.keys(rulesRequestSchemas) as RulesVerb[];
export const RULES_EVENTS: readonly string[] = VERBS.map((verb) => `rules:${verb}`);

export class RulesFeed {
  readonly #desk: Desk;
  readonly #clock: StreamClock;
  readonly #clients: () => Iterable<Client>;
  /** Those that have not been told the newest. */
  readonly #behind = new Set<Client>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #isPlanned = false;

  constructor(desk: Desk, clock: StreamClock, clients: () => Iterable<Client>) {
    this.#desk = desk;
    this.#clock = clock;
    this.#clients = clients;
  }

  /** Tells a new client, and listens to it. */
  admit(client: Client, messages: ClientMessages): void {
    const { address } = client.socket.handshake;
    const name = client.isAdmin ? 'admin token' : 'token';
    const asker = { who: { name, via: 'socket' as const, address }, mayChange: client.isAdmin, mayNameFiles: false };
    for (const verb of VERBS) {
      client.socket.on(`rules:${verb}`, (...given: unknown[]) =>
        messages.answerLater(given, (request) => this.#desk.ask(verb, request, asker)),
      );
    }
    client.outbox.send(this.#message());
  }

  changed(): void {
    for (const client of this.#clients()) this.#behind.add(client);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#clock.after(Math.max(0, this.#toldAt + BETWEEN_MS - this.#clock.now()), () => {
      this.#isPlanned = false;
      this.tell();
    });
  }

  counted(counters: RuleCounters): void {
    const message = eventMessage('rule_counters', JSON.stringify(counters));
    for (const { outbox } of this.#clients()) if (!outbox.isFull(BACKLOG_BYTES / 2)) outbox.send(message);
  }

  /** Whoever is behind and can take it; call it now and then. */
  tell(): void {
    if (this.#behind.size === 0) return;
    this.#toldAt = this.#clock.now();
    const message = this.#message();
    for (const client of this.#behind) {
      if (client.outbox.isFull(BACKLOG_BYTES / 2)) continue;
      this.#behind.delete(client);
      client.outbox.send(message);
    }
  }

  left(client: Client): void {
    this.#behind.delete(client);
  }

  #message() {
    return eventMessage('rules', JSON.stringify(this.#desk.snapshot()));
  }
}
