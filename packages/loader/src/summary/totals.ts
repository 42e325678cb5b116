/** Packets and bytes by place: what the tables of this directory have in common. */
export interface Totals {
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  /** Places in use, in no order. */
  used(): Uint32Array;
}

export interface Total {
  place: number;
  packets: number;
  bytes: number;
}

/** The places with most packets, most first. */
export function most(totals: Totals, count: number): Total[] {
  const { packets, bytes } = totals;
  return Array.from(totals.used())
    .sort((a, b) => (packets[b] ?? 0) - (packets[a] ?? 0))
    .slice(0, count)
    .map((place) => ({ place, packets: packets[place] ?? 0, bytes: bytes[place] ?? 0 }));
}
