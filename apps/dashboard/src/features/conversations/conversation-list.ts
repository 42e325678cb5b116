import type { Conversations } from './conversations.ts';

export const CONVERSATION_ORDERS = ['newest', 'packets', 'bytes', 'last'] as const;
/**
 * `newest` sorts by when conversations began, so neighbours stay neighbours. The other orders change at most every two
 * seconds.
 */
export type ConversationOrder = (typeof CONVERSATION_ORDERS)[number];

const REORDER_EVERY_MS = 2_000;

/** Order of conversations in the list. Counts change in place; lines move only while the pointer is elsewhere. */
export class ConversationList {
  readonly #conversations: Conversations;
  #indexes: number[] = [];
  #serials: number[] = [];
  #newestSerial = 0;
  #order: ConversationOrder | null = null;
  #orderedAt = Number.NEGATIVE_INFINITY;
  #newcomers = 0;
  #cleared = 0;

  constructor(conversations: Conversations) {
    this.#conversations = conversations;
  }

  get length(): number {
    return this.#indexes.length;
  }

  /** Conversations that began while lines were held. */
  get newcomers(): number {
    return this.#newcomers;
  }

  /** Returns the index of the conversation in this line; -1 if it was evicted. */
  indexAt(line: number): number {
    const index = this.#indexes[line] ?? -1;
    return index >= 0 && this.#conversations.serial[index] === this.#serials[line] ? index : -1;
  }

  /** Returns the line of the conversation with this serial number; -1 if it has none. */
  lineOf(serial: number): number {
    return this.#serials.indexOf(serial);
  }

  serialAt(line: number): number {
    return this.#serials[line] ?? 0;
  }

  /** Returns whether lines changed. `held` keeps lines in place while the user reads. */
  refresh(order: ConversationOrder, held: boolean, now: number): boolean {
    const { serial, size, cleared } = this.#conversations;
    const another = order !== this.#order;
    this.#newcomers = 0;
    for (let index = 0; index < size; index++) {
      if ((serial[index] as number) > this.#newestSerial) this.#newcomers++;
    }
    const forgotten = cleared !== this.#cleared;
    if (held && !another && !forgotten) return false;
    if (!another && order !== 'newest' && now - this.#orderedAt < REORDER_EVERY_MS && !forgotten) return false;
    this.#order = order;
    this.#cleared = cleared;
    this.#orderedAt = now;
    this.#indexes = [...Array(size).keys()];
    this.#indexes.sort(this.#comparison(order));
    this.#serials = this.#indexes.map((index) => serial[index] as number);
    this.#newestSerial = this.#serials.reduce((newest, each) => Math.max(newest, each), 0);
    this.#newcomers = 0;
    return true;
  }

  #comparison(order: ConversationOrder): (a: number, b: number) => number {
    const { serial, packets, bytes, lastMs } = this.#conversations;
    const by = { newest: serial, packets, bytes, last: lastMs }[order];
    return (a, b) => (by[b] as number) - (by[a] as number) || (serial[b] as number) - (serial[a] as number);
  }
}
