/** Watches limits that ban for sources that are over. */
import type { KernelOffender, RuleCount } from '../../ipc/rule-counts.ts';
import { decodeOffenders } from './decode-offenders.ts';
import type { ImageLimit } from './image-limits.ts';
import type { LimitStates } from './limit-states.ts';

/** Of one message. */
const MAX_OFFENDERS = 1000;

interface Watched {
  readonly limit: ImageLimit;
  /** Packets that were over when its levels were read; undefined: they were not read yet. */
  over: number | undefined;
  /** What was returned, by source. */
  told: Map<string, string>;
}

export class Offenders {
  readonly #states: Pick<LimitStates, 'read'>;
  readonly #counters: { read(slot: number): Pick<RuleCount, 'packets'> };
  #watched: Watched[] = [];

  constructor(states: Pick<LimitStates, 'read'>, counters: { read(slot: number): Pick<RuleCount, 'packets'> }) {
    this.#states = states;
    this.#counters = counters;
  }

  /** Whether there is a limit that bans. */
  get areWatched(): boolean {
    return this.#watched.length > 0;
  }

  /** `limits`: those that may be in force; of two with the same id, the last. A limit with the same id continues. */
  watch(limits: readonly ImageLimit[]): void {
    const told = new Map(this.#watched.map((each) => [each.limit.ruleId, each.told]));
    const byRule = new Map(limits.map((limit) => [limit.ruleId, limit]));
    this.#watched = [...byRule.values()]
      .filter(({ bans }) => bans)
      .map((limit) => ({ limit, over: undefined, told: told.get(limit.ruleId) ?? new Map() }));
  }

  /**
   * Returns the sources that are over, or have more connections, since the last call: at most 1,000, and the others with the
   * next calls. Reads only the levels of limits over which something was. Throws SetupError.
   */
  changed(): KernelOffender[] {
    const changed: KernelOffender[] = [];
    for (const each of this.#watched) {
      if (changed.length < MAX_OFFENDERS) changed.push(...this.#changedOf(each, MAX_OFFENDERS - changed.length));
    }
    return changed;
  }

  #changedOf(watched: Watched, most: number): KernelOffender[] {
    const { packets } = this.#counters.read(watched.limit.overSlot);
    if (packets === watched.over) return [];
    const state = this.#states.read(watched.limit.counterSlot);
    if (state === undefined || state.shape !== watched.limit.shape) return [];
    const changed: KernelOffender[] = [];
    const told = new Map<string, string>();
    let isComplete = true;
    for (const offender of decodeOffenders(watched.limit, state)) {
      const version = `${offender.overSinceNs} ${offender.connections}`;
      const before = watched.told.get(offender.source);
      if (before !== version && changed.length === most) {
        isComplete = false;
        if (before !== undefined) told.set(offender.source, before);
        continue;
      }
      if (before !== version) changed.push(offender);
      told.set(offender.source, version);
    }
    watched.told = told;
    watched.over = isComplete ? packets : undefined;
    return changed;
  }
}
