/** Packets and bytes by index: the common part of the tables in this directory. */

/** Packets at an even index, bytes at the next: one cache line for both. */
export type Volumes = Float64Array;

export function makeVolumes(size: number): Volumes {
  return new Float64Array(size * 2);
}

export interface Total {
  index: number;
  packets: number;
  bytes: number;
}

/** Returns the indexes with the most packets, largest first, without empty ones. */
export function most(volumes: Volumes, indexes: Iterable<number>, count: number): Total[] {
  const top: Total[] = [];
  for (const index of indexes) {
    const packets = volumes[index * 2]!;
    const last = top.at(-1);
    if (packets === 0 || (top.length === count && last && packets <= last.packets)) continue;
    const total = { index, packets, bytes: volumes[index * 2 + 1]! };
    const at = top.findIndex((each) => each.packets < packets);
    top.splice(at < 0 ? top.length : at, 0, total);
    if (top.length > count) top.pop();
  }
  return top;
}
