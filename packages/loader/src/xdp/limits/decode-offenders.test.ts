import { LIMIT_STATE, LIMIT_WIDE_ENTRY } from '@packetlog/bpf';
import { describe, expect, it } from 'vitest';
import { decodeOffenders } from './decode-offenders.ts';
import type { ImageLimit } from './image-limits.ts';

const { size, fields } = LIMIT_WIDE_ENTRY;
const NOW = 1_000_000_000_000n;
const limit: ImageLimit = {
  ruleId: 7,
  counterSlot: 3,
  overSlot: 4,
  shape: LIMIT_STATE.shapes.connections,
  bans: true,
  per: { kind: 'source', bits4: 32, bits6: 64 },
  costNs: 3e9,
  burstNs: 60e9,
  blockNs: 0,
};

type Entry = { readonly key: readonly number[] } & Partial<Record<Exclude<keyof typeof fields, 'key'>, bigint>>;
const V4 = [0, 0, 0xff, 0xff, 203, 0, 113, 7];
const V6 = [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2];

/** Entries at these places of a table. */
function offenders(entries: Readonly<Record<number, Entry>>, of: Partial<ImageLimit> = {}) {
  const table = new Uint8Array(size * 16);
  const view = new DataView(table.buffer);
  for (const [place, { key, ...times }] of Object.entries(entries)) {
    const at = Number(place) * size;
    table.set(key, at);
    for (const [name, value] of Object.entries(times))
      view.setBigUint64(at + fields[name as keyof typeof fields], value, true);
  }
  const state = { tickNs: 4_000_000n, nowNs: NOW, evictions: 0, shape: limit.shape, table };
  return decodeOffenders({ ...limit, ...of }, state);
}

const over = { arrival: NOW + 30_000_000_000n, over_since: NOW - 5_000_000_000n, began: NOW - 9_000_000_000n };

describe('the sources that are over', () => {
  it('have their address or network, times, connections and level', () => {
    expect(
      offenders({ 2: { key: V4, ...over, connections: 61n }, 15: { key: V6, ...over, connections: 22n } }),
    ).toEqual(
      [
        ['203.0.113.7', 61],
        ['2001:db8:1:2::/64', 22],
      ].map(([source, connections]) => ({
        limitRule: 7,
        source,
        connections,
        overSinceNs: over.over_since,
        beganNs: over.began,
        nowNs: NOW,
        level: 0.5,
      })),
    );
  });

  it('are named as the network of their bucket', () => {
    const per = { kind: 'source', bits4: 24, bits6: 48 } as const;
    const key = [0, 0, 0xff, 0xff, 203, 0, 113, 0];
    expect(offenders({ 0: { key, ...over } }, { per }).map(({ source }) => source)).toEqual(['203.0.113.0/24']);
  });

  it('are not those that were never over, or whose bucket is empty again', () => {
    expect(
      offenders({ 0: { key: V4, ...over, over_since: 0n }, 1: { key: V6, ...over, arrival: NOW }, 2: { key: V4 } }),
    ).toEqual([]);
  });

  it('are those that are blocked, too', () => {
    expect(offenders({ 0: { key: V4, ...over, arrival: (NOW + 90_000_000_000n) | 1n } })).toMatchObject([{ level: 1 }]);
  });
});
