import { type Acknowledgement, type Listener, MAX_PLACE_ADDRESSES, type Place } from '@packetlog/common';
import { isListeners, isPlaces, isReverseNames } from '../messages/lookup-messages.ts';

export type LookupEvent = 'names:listeners' | 'names:reverse' | 'names:places';
/** Always resolves. */
export type SendLookup = (
  event: LookupEvent,
  request: { addresses?: readonly string[] },
) => Promise<Acknowledgement<unknown>>;

/** Cached places. */
const MAX_PLACES = 2000;
/** Delay before the next request to a loader without a database: it may have been restarted with one. */
const NO_DATABASE_RETRY_MS = 60_000;
const LISTENERS_FRESH_MS = 5000;

/** Lookups by the loader: places, reverse names, listeners. Requested when shown, and cached. */
export class Lookups {
  readonly #send: SendLookup;
  readonly #places = new Map<string, Place | null>();
  readonly #wanted = new Set<string>();
  #placesRetryAt = 0;
  #hasPlaces: boolean | undefined;
  #isRequesting = false;
  #version = 0;
  readonly #listeners = new Set<() => void>();
  #found: { readonly at: number; readonly answer: Promise<Acknowledgement<Listener[]>> } | null = null;

  constructor(send: SendLookup) {
    this.#send = send;
  }

  /** Subscribes to newly known places. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  /** Whether the loader has a database of places; undefined until it has answered. */
  readonly hasPlaces = (): boolean | undefined => this.#hasPlaces;

  /** Returns the place of an address; undefined if it is not known yet, or without a database. */
  place(address: string): Place | null | undefined {
    return this.#places.get(address);
  }

  /** Requests the places of these addresses, unless they are known. */
  wantPlaces(addresses: readonly string[]): void {
    for (const address of addresses) if (!this.#places.has(address)) this.#wanted.add(address);
    if (this.#wanted.size > 0 && !this.#isRequesting && performance.now() >= this.#placesRetryAt)
      void this.#requestPlaces();
  }

  async #requestPlaces(): Promise<void> {
    this.#isRequesting = true;
    const addresses = [...this.#wanted].slice(0, MAX_PLACE_ADDRESSES);
    const answer = await this.#send('names:places', { addresses });
    this.#isRequesting = false;
    if (!answer.ok || !isPlaces(answer.value)) {
      this.#placesRetryAt = performance.now() + NO_DATABASE_RETRY_MS;
      this.#wanted.clear();
      if (!answer.ok && answer.error.code === 'unavailable') this.#hasPlaces = false;
      this.#changed();
      return;
    }
    this.#hasPlaces = true;
    if (this.#places.size + addresses.length > MAX_PLACES) this.#places.clear();
    for (const address of addresses) {
      this.#places.set(address, answer.value[address] ?? null);
      this.#wanted.delete(address);
    }
    this.#changed();
    this.wantPlaces([]);
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }

  /** Requests the name of an address; null if it has none. */
  async reverse(address: string): Promise<Acknowledgement<string | null>> {
    const answer = await this.reverseAll([address]);
    return answer.ok ? { ok: true, value: answer.value[address] ?? null } : answer;
  }

  /** Requests the names of addresses, up to MAX_REVERSE_ADDRESSES. */
  async reverseAll(addresses: readonly string[]): Promise<Acknowledgement<Readonly<Record<string, string | null>>>> {
    const answer = await this.#send('names:reverse', { addresses });
    if (!answer.ok) return answer;
    return isReverseNames(answer.value) ? { ok: true, value: answer.value } : UNREADABLE;
  }

  /** Requests the places of addresses, up to MAX_PLACE_ADDRESSES, which it does not keep. */
  async places(addresses: readonly string[]): Promise<Acknowledgement<Readonly<Record<string, Place | null>>>> {
    const answer = await this.#send('names:places', { addresses });
    if (!answer.ok) return answer;
    return isPlaces(answer.value) ? { ok: true, value: answer.value } : UNREADABLE;
  }

  listeners(): Promise<Acknowledgement<Listener[]>> {
    const now = performance.now();
    if (this.#found === null || now - this.#found.at > LISTENERS_FRESH_MS)
      this.#found = { at: now, answer: this.#requestListeners() };
    return this.#found.answer;
  }

  async #requestListeners(): Promise<Acknowledgement<Listener[]>> {
    const answer = await this.#send('names:listeners', {});
    if (!answer.ok) return answer;
    return isListeners(answer.value) ? { ok: true, value: answer.value } : UNREADABLE;
  }
}

export const UNREADABLE = {
  ok: false,
  error: { code: 'internal', message: 'The loader’s answer could not be read: it may be of another version.' },
} as const;
