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
const ASK_AGAIN_MS = 60_000;
const LISTENERS_FRESH_MS = 5000;

/** Lookups by the loader: places, reverse names, listeners. Requested when shown, and cached. */
export class Lookups {
  readonly #ask: SendLookup;
  readonly #places = new Map<string, Place | null>();
  readonly #wanted = new Set<string>();
  #placesAgainAt = 0;
  #asking = false;
  #version = 0;
  readonly #listeners = new Set<() => void>();
  #found: { readonly at: number; readonly answer: Promise<Acknowledgement<Listener[]>> } | null = null;

  constructor(ask: SendLookup) {
    this.#ask = ask;
  }

  /** Subscribes to newly known places. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  /** undefined: not known yet, or no database. */
  place(address: string): Place | null | undefined {
    return this.#places.get(address);
  }

  /** Requests the places of these addresses, unless they are known. */
  wantPlaces(addresses: readonly string[]): void {
    for (const address of addresses) if (!this.#places.has(address)) this.#wanted.add(address);
    if (this.#wanted.size > 0 && !this.#asking && performance.now() >= this.#placesAgainAt) void this.#askPlaces();
  }

  async #askPlaces(): Promise<void> {
    this.#asking = true;
    const addresses = [...this.#wanted].slice(0, MAX_PLACE_ADDRESSES);
    const answer = await this.#ask('names:places', { addresses });
    this.#asking = false;
    if (!answer.ok || !isPlaces(answer.value)) {
      this.#placesAgainAt = performance.now() + ASK_AGAIN_MS;
      this.#wanted.clear();
      return;
    }
    if (this.#places.size + addresses.length > MAX_PLACES) this.#places.clear();
    for (const address of addresses) {
      this.#places.set(address, answer.value[address] ?? null);
      this.#wanted.delete(address);
    }
    this.#version++;
    for (const listener of this.#listeners) listener();
    this.wantPlaces([]);
  }

  /** The name of an address; null if it has none. */
  async reverse(address: string): Promise<Acknowledgement<string | null>> {
    const answer = await this.#ask('names:reverse', { addresses: [address] });
    if (!answer.ok) return answer;
    return isReverseNames(answer.value) ? { ok: true, value: answer.value[address] ?? null } : UNREADABLE;
  }

  listeners(): Promise<Acknowledgement<Listener[]>> {
    const now = performance.now();
    if (this.#found === null || now - this.#found.at > LISTENERS_FRESH_MS)
      this.#found = { at: now, answer: this.#askListeners() };
    return this.#found.answer;
  }

  async #askListeners(): Promise<Acknowledgement<Listener[]>> {
    const answer = await this.#ask('names:listeners', {});
    if (!answer.ok) return answer;
    return isListeners(answer.value) ? { ok: true, value: answer.value } : UNREADABLE;
  }
}

const UNREADABLE = {
  ok: false,
  error: { code: 'internal', message: 'The loader’s answer could not be read: it may be of another version.' },
} as const;
