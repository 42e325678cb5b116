/**
 * Which of several hubs runs the rollouts: the one that renewed `lease/rollout` last. Another one takes over when it has
 * seen no renewal for a while, by its own clock: the hubs' clocks need not agree. For a moment two may run them: each
 * change of a rollout expects its revision, and nodes accept a generation twice.
 */
import { type HubState, StateConflict, StateError } from '../state/hub-state.ts';

const KEY = 'lease/rollout';
export const RENEW_MS = 2000;
/** The holder stops before others take over. */
const HELD_MS = 6000;
const EXPIRED_MS = 8000;

export interface LeaseClock {
  /** Milliseconds since some moment; never goes back. */
  monotonic(): number;
}

export class Lease {
  readonly #state: HubState;
  readonly #hub: string;
  readonly #clock: LeaseClock;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #seen: { readonly revision: number; readonly atMs: number } | undefined;
  #renewals = 0;

  /** `hub` differs between processes. */
  constructor(state: HubState, hub: string, clock: LeaseClock = { monotonic: () => performance.now() }) {
    this.#state = state;
    this.#hub = hub;
    this.#clock = clock;
  }

  get isHeld(): boolean {
    return !this.#state.isShared || this.#clock.monotonic() - this.#renewedAtMs < HELD_MS;
  }

  /** Takes or renews the lease if no other hub holds it. Call it every RENEW_MS. Does not throw StateError. */
  async renew(): Promise<void> {
    if (!this.#state.isShared) return;
    const atMs = this.#clock.monotonic();
    try {
      const stored = await this.#state.get(KEY);
      if (stored !== undefined && stored.value.split(' ')[0] !== this.#hub) {
        if (this.#seen?.revision !== stored.revision) this.#seen = { revision: stored.revision, atMs };
        if (atMs - this.#seen.atMs < EXPIRED_MS) return;
      }
      this.#renewals += 1;
      await this.#state.put(KEY, `${this.#hub} ${this.#renewals}`, stored?.revision ?? 0);
      this.#renewedAtMs = atMs;
    } catch (error) {
      if (!(error instanceof StateConflict || error instanceof StateError)) throw error;
    }
  }

  /** Lets another hub take over at once. */
  async release(): Promise<void> {
    if (!this.#state.isShared) return;
    this.#renewedAtMs = Number.NEGATIVE_INFINITY;
    try {
      const stored = await this.#state.get(KEY);
      if (stored?.value.split(' ')[0] === this.#hub) await this.#state.remove(KEY, stored.revision);
    } catch (error) {
      if (!(error instanceof StateConflict || error instanceof StateError)) throw error;
    }
  }
}
