/** The people who may use the hub, their roles, and the digests of their tokens. Follows changes of other hubs. */
import { personNameSchema, type Role, roleSchema } from '@packetlog/common/fleet';
import * as z from 'zod/mini';
import { FleetRejection } from '../requests/handlers.ts';
import { changeValue } from '../state/change-value.ts';
import { type HubState, StateConflict, type Stored } from '../state/hub-state.ts';
import { ignoringDamaged, readRecord } from './records.ts';
import { newSecret, secretDigest } from './secrets.ts';

const PREFIX = 'people/';
const MAX_PEOPLE = 1000;

const recordSchema = z.strictObject({
  role: roleSchema,
  token_digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  added_at_ms: z.number(),
});

export interface Person {
  readonly person: string;
  readonly role: Role;
  readonly added_at_ms: number;
}

type StoredPerson = Person & { readonly token_digest: string };

export class People {
  readonly #state: HubState;
  readonly #people = new Map<string, StoredPerson>();
  readonly #byDigest = new Map<string, StoredPerson>();
  readonly #callbacks = new Set<(person: string) => void>();
  #end: () => void = () => {};

  private constructor(state: HubState) {
    this.#state = state;
  }

  static async open(state: HubState): Promise<People> {
    const people = new People(state);
    people.#end = await state.watch(
      PREFIX,
      ignoringDamaged((key, stored) => people.#changed(key, stored)),
    );
    for (const [key, stored] of await state.list(PREFIX)) people.#changed(key, stored);
    return people;
  }

  list(): Person[] {
    return [...this.#people.values()]
      .map(({ person, role, added_at_ms }) => ({ person, role, added_at_ms }))
      .sort((a, b) => (a.person < b.person ? -1 : 1));
  }

  /** Returns whose token this is. */
  byToken(token: string): Person | undefined {
    return this.#byDigest.get(secretDigest(token));
  }

  /** Calls back for each person who was added, changed or removed. Returns what ends it. */
  onChange(callback: (person: string) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Returns the token, which is stored nowhere. Throws FleetRejection if the name is taken. */
  async add(person: string, role: Role, atMs: number): Promise<string> {
    personNameSchema.parse(person);
    if (this.#people.size >= MAX_PEOPLE) {
      throw new FleetRejection('unavailable', `The hub has ${MAX_PEOPLE} people, the most it can have. Remove some.`);
    }
    const token = newSecret();
    const key = PREFIX + person;
    const value = JSON.stringify({ role, token_digest: secretDigest(token), added_at_ms: atMs });
    try {
      this.#changed(key, { value, revision: await this.#state.put(key, value, 0) });
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
      throw new FleetRejection(
        'conflict',
        `There is a person ${person} already. To give them another token or role, remove them first: packetlog hub people remove ${person}.`,
      );
    }
    return token;
  }

  /** Their connections end. Throws FleetRejection if there is no such person. */
  async remove(person: string): Promise<void> {
    const key = PREFIX + person;
    const isRemoved = await changeValue(this.#state, key, (value) => ({
      value: undefined,
      result: value !== undefined,
    }));
    if (!isRemoved) {
      throw new FleetRejection('not_found', `There is no person ${person}. See: packetlog hub people list.`);
    }
    this.#changed(key, undefined);
  }

  close(): void {
    this.#end();
    this.#callbacks.clear();
  }

  #changed(key: string, stored: Stored | undefined): void {
    const person = key.slice(PREFIX.length);
    const before = this.#people.get(person);
    if (before !== undefined) this.#byDigest.delete(before.token_digest);
    this.#people.delete(person);
    if (stored !== undefined) {
      const record = { ...readRecord(key, stored.value, recordSchema), person };
      this.#people.set(person, record);
      this.#byDigest.set(record.token_digest, record);
    }
    if (JSON.stringify(before) === JSON.stringify(this.#people.get(person))) return;
    for (const callback of this.#callbacks) callback(person);
  }
}
