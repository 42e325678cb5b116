/** Sums the top lists of the seconds of one history bucket. */
import type { Volume } from '../ipc/rule-counts.ts';

export type TopList = 'sources' | 'ports' | 'pairs' | 'rules';
export const TOP_LISTS: readonly TopList[] = ['sources', 'ports', 'pairs', 'rules'];

export class TopBucket {
  readonly #lists: Readonly<Record<TopList, Map<string, Volume>>> = {
    sources: new Map(),
    ports: new Map(),
    pairs: new Map(),
    rules: new Map(),
  };

  add(list: TopList, key: string, { packets, bytes }: Volume): void {
    addTo(this.#lists[list], key, packets, bytes);
  }

  entries(list: TopList): Iterable<[string, Volume]> {
    return this.#lists[list];
  }

  clear(): void {
    for (const list of TOP_LISTS) this.#lists[list].clear();
  }
}

export function addTo(map: Map<string, Volume>, key: string, packets: number, bytes: number): void {
  const existing = map.get(key);
  if (existing) {
    existing.packets += packets;
    existing.bytes += bytes;
  } else map.set(key, { packets, bytes });
}

export function mostOf<V extends { packets: number }>(entries: Iterable<[string, V]>, count: number): [string, V][] {
  return [...entries].sort(([, a], [, b]) => b.packets - a.packets).slice(0, count);
}
