/** The clocks of bans, and how far the wall clock was set. */
import { readFileSync } from 'node:fs';
import type { BansFile } from '../rules/store/bans-file.ts';

export interface BanClock {
  /** Unix time in ms, which may be set. */
  readonly wallMs: () => number;
  /** Since the boot, with the time that the machine slept. */
  readonly upMs: () => number;
  /** Changes with every boot. */
  readonly bootId: string;
}

/** Less is the clock being adjusted, not set. */
const SET_MS = 1000;

/** Tells by how much the wall clock was set, by comparing it with the time since the boot. */
export class ClockSteps {
  readonly #clock: BanClock;
  /** Wall clock at the boot, as it was last seen. */
  #bootMs: number;

  /** `stored`: when bans were stored; it may be of another boot. */
  constructor(clock: BanClock, stored?: BansFile['clock']) {
    this.#clock = clock;
    const isSameBoot = stored?.boot_id === clock.bootId;
    this.#bootMs = stored !== undefined && isSameBoot ? stored.at_ms - stored.up_ms : this.#now();
  }

  /** Returns by how many ms the wall clock was set since the last call; 0: it was not. */
  step(): number {
    const bootMs = this.#now();
    const moved = bootMs - this.#bootMs;
    this.#bootMs = bootMs;
    return Math.abs(moved) > SET_MS ? moved : 0;
  }

  /** The current time, to store. */
  get stored(): BansFile['clock'] {
    const { wallMs, upMs, bootId } = this.#clock;
    return { at_ms: wallMs(), up_ms: upMs(), boot_id: bootId };
  }

  #now(): number {
    return this.#clock.wallMs() - this.#clock.upMs();
  }
}

export function systemClock(): BanClock {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  // CLOCK_MONOTONIC, which Node.js reads, stands still while the machine sleeps.
  const upMs = () => Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000;
  return { wallMs: Date.now, upMs, bootId };
}
