import type { Acknowledgement, HistoryTop, RulesAnswer, RulesRequest, RulesVerb } from '@packetlog/common';
import type { AskDefence } from '../messages/defence-events.ts';
import type { AskPast } from '../messages/past-events.ts';
import { Store } from '../state/store.ts';
import { LoaderConnection, type Tap } from './loader-connection.ts';
import { type LookupEvent, Lookups } from './lookups.ts';
import type { LoaderTarget, View } from './node-view.ts';

const NO_CONNECTION = {
  ok: false,
  error: { code: 'unavailable', message: 'There is no connection to the loader.' },
} as const;

/** One node: its store, its lookups and its connection. */
export class Loader implements View {
  readonly store = new Store();
  readonly lookups = new Lookups((event, request) => this.lookUp(event, request));
  /** Its given name, '' without one. */
  name = '';
  #target: LoaderTarget | null = null;
  #tap: Tap | null = null;
  #connection: LoaderConnection | null = null;
  /** Called when the address is that of a hub. */
  onHub: (() => void) | null = null;
  /** Takes the place of the connection at a hub. */
  hub: { retry(): void; close(): void } | null = null;

  /** Its address; '' before `open`. */
  get address(): string {
    return this.#target?.loader ?? '';
  }

  /** Its target; null before `open`. */
  get target(): LoaderTarget | null {
    return this.#target;
  }

  /** Connects to a loader, possibly a different one: known data stays until it has sent a hello. */
  open(target: LoaderTarget, options: { filter: string; rowsPerSecond: number }): void {
    const { loader, token, adminToken } = target;
    this.close();
    this.#target = target;
    if (token === null) this.store.connect({ type: 'no_token' }, loader);
    else {
      this.#connection = new LoaderConnection(this.store, { loader, token, adminToken }, options);
      this.#connection.onHub = () => this.#metHub();
    }
    this.tap = this.#tap;
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
    this.hub?.close();
    this.hub = null;
  }

  /** An additional receiver of every message; null for none. */
  set tap(tap: Tap | null) {
    this.#tap = tap;
    if (this.#connection !== null) this.#connection.tap = tap;
  }

  setFilter(text: string): void {
    this.#connection?.rows.setFilter(text);
  }

  /** Sets the row limit; 0 for a node that is not shown. */
  setRowsPerSecond(rows: number): void {
    this.#connection?.rows.setRowsPerSecond(rows);
  }

  retry(): void {
    (this.hub ?? this.#connection)?.retry();
  }

  setPaused(paused: boolean): void {
    this.#connection?.rows.pause(paused);
  }

  step(rows: number): void {
    this.#connection?.rows.step(rows);
  }

  async ask<Verb extends RulesVerb>(
    verb: Verb,
    request: RulesRequest<Verb>,
    withinMs?: number,
  ): Promise<RulesAnswer<Verb>> {
    return this.#connection?.requests.ask(verb, request, withinMs) ?? NO_CONNECTION;
  }

  async lookUp(event: LookupEvent, request: object): Promise<Acknowledgement<unknown>> {
    return this.#connection?.requests.lookUp(event, request) ?? NO_CONNECTION;
  }

  readonly askPast: AskPast = async (event, request, unwanted) =>
    this.#connection?.requests.past(event, request, unwanted) ?? NO_CONNECTION;

  readonly askDefence: AskDefence = async (event, request) =>
    this.#connection?.requests.defence(event, request) ?? NO_CONNECTION;

  #metHub(): void {
    this.close();
    if (this.onHub !== null) {
      this.onHub();
      return;
    }
    const message = `${this.address} is a hub, not a loader: enter the address of one of its nodes, such as ${this.address}/nodes/NAME/`;
    this.store.connect({ type: 'rejected', rejection: { code: 'invalid', message } });
  }

  async top(fromMs: number, toMs: number): Promise<HistoryTop | null> {
    return this.#connection?.requests.top(fromMs, toMs) ?? null;
  }
}
