/** Which faults happen in which order: a pure function of a seed. */

import type { Kind } from './kind.ts';
import { KINDS } from './kinds/kinds.ts';
import { seededRandom } from './random.ts';
import { drawSettings, type Settings } from './settings.ts';

/** Faults in one lab. A run is a row of episodes with the seeds SEED, SEED + 1, …: each replays alone. */
export const EPISODE = 20;

export interface Planned {
  readonly kind: Kind;
  /** Of everything that the fault itself decides. */
  readonly seed: number;
}

export interface Episode {
  readonly seed: number;
  readonly settings: Settings;
  readonly faults: readonly Planned[];
}

/** `only`: names of kinds. Throws if there is none. */
export function planEpisode(seed: number, count = EPISODE, only: readonly string[] = []): Episode {
  const kinds = KINDS.filter(({ name }) => only.length === 0 || only.includes(name));
  if (kinds.length === 0)
    throw new Error(`--only ${only.join(',')}: no such kind. Kinds: ${KINDS.map(({ name }) => name).join(', ')}.`);
  const random = seededRandom(seed);
  const settings = drawSettings(random);
  const faults = Array.from({ length: count }, () => ({
    kind: random.weighted(kinds),
    seed: random.integer(0, 2 ** 31),
  }));
  return { seed, settings, faults };
}
