/** Sends bans and decisions to clients, and the answers to `bans:*`. */
import { type Bans, type BansVerb, bansRequestSchemas, type Decision, noBans } from '@packetlog/common';
import type { BansForClients } from '../ipc/defence/bans-access.ts';
import { bansCost } from './access/message-cost.ts';
import type { Client } from './client.ts';
import { eventMessage } from './streams/frames.ts';
import { BACKLOG_BYTES } from './streams/send-queue.ts';

const VERBS = Object.keys(bansRequestSchemas) as BansVerb[];
export const BANS_EVENTS: readonly string[] = VERBS.map((verb) => `bans:${verb}`);

export class BansFeed {
  readonly #bans: BansForClients;
  readonly #clients: () => Iterable<Client>;
  #state = noBans(Date.now());

  constructor(bans: BansForClients, clients: () => Iterable<Client>) {
    this.#bans = bans;
    this.#clients = clients;
  }

  /** Sends the state of bans to a new client, and handles its requests. */
  admit({ socket, messages, caller }: Client): void {
    for (const verb of VERBS) {
      socket.on(`bans:${verb}`, (...given: unknown[]) =>
        messages.answerLater<object>(bansCost(verb, given[0]), given, (request) =>
          this.#bans.ask(verb, request, caller),
        ),
      );
    }
    socket.emit('bans', this.#state);
  }

  /** Sends the state. The core calls it at most once a second. */
  changed(bans: Bans): void {
    this.#state = bans;
    this.#send('bans', bans);
  }

  /** The core calls it at most 10 times a second. */
  decided(decision: Decision): void {
    this.#send('decision', decision);
  }

  #send(event: 'bans' | 'decision', value: Bans | Decision): void {
    const message = eventMessage(event, JSON.stringify(value));
    // A client that does not read its queue asks for what it missed: `bans:list` and `bans:decisions`.
    for (const { sendQueue } of this.#clients()) if (!sendQueue.isFull(BACKLOG_BYTES / 2)) sendQueue.send(message);
  }
}
