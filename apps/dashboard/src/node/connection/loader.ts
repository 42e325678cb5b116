import type { Acknowledgement, HistoryTop, RulesAnswer, RulesRequest, RulesVerb } from '@packetlog/common';
import { Store } from '../state/store.ts';
import { LoaderConnection, type Tap } from './loader-socket.ts';
import { type LookupEvent, Lookups } from './lookups.ts';
import type { LoaderTarget, View } from './node-view.ts';

const NO_CONNECTION = {
  ok: false,
  error: { code: 'unavailable', message: 'There is no connection to the loader.' },
} as const;

/** One node: what is known of it, and the connection that says so. */
export class Loader implements View {
  readonly store = new Store();
  readonly names = new Lookups((event, request) => this.lookUp(event, request));
  /** What was given to it, '' if nothing was. */
  name = '';
  #target: LoaderTarget | null = null;
  #tap: Tap | null = null;
  #connection: LoaderConnection | null = null;

  /** Where it is; '' until it was opened. */
  get address(): string {
    return this.#target?.loader ?? '';
  }

  /** As it was opened; null before. */
  get target(): LoaderTarget | null {
    return this.#target;
  }

  /** Connects, also to another one than before: what is known stays until that says who it is. */
  open(target: LoaderTarget, options: { filter: string; rowsPerSecond: number }): void {
    const { loader, token, adminToken } = target;
    this.close();
    this.#target = target;
    if (token === null) this.store.connect({ type: 'no_token' }, loader);
    else this.#connection = new LoaderConnection(this.store, { loader, token, adminToken }, options);
    this.tap = this.#tap;
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  /** Who is told all that comes, as well; null: nobody. */
  set tap(tap: Tap | null) {
    this.#tap = tap;
    if (this.#connection !== null) this.#connection.tap = tap;
  }

  setFilter(text: string): void {
    this.#connection?.setFilter(text);
  }

  /** How many rows it may send; none of a node that nobody looks at. */
  setRowsPerSecond(rows: number): void {
    this.#connection?.setRowsPerSecond(rows);
  }

  retry(): void {
    this.#connection?.retry();
  }

  setPaused(paused: boolean): void {
    this.#connection?.pause(paused);
  }

  step(rows: number): void {
    this.#connection?.step(rows);
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

  async top(fromMs: number, toMs: number): Promise<HistoryTop | null> {
    return this.#connection?.requests.top(fromMs, toMs) ?? null;
  }
}
