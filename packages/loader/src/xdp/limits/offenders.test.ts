import { LIMIT_STATE, LIMIT_WIDE_ENTRY } from '@packetlog/bpf';
import { describe, expect, it } from 'vitest';
import type { ImageLimit } from './image-limits.ts';
import { Offenders } from './offenders.ts';

const { size, fields } = LIMIT_WIDE_ENTRY;
const NOW = 1000n;
const SLOTS = { counterSlot: 3, overSlot: 4 };
const limit: ImageLimit = {
  ruleId: 7,
  ...SLOTS,
  shape: LIMIT_STATE.shapes.connections,
  bans: true,
  per: { kind: 'source', bits4: 32, bits6: 64 },
  costNs: 10,
  burstNs: 100,
  blockNs: 0,
};

function world() {
  const table = new Uint8Array(size * 2048);
  const view = new DataView(table.buffer);
  const counts = { over: 0, reads: 0 };
  const states = {
    read: () => {
      counts.reads++;
      return { tickNs: 1n, nowNs: NOW, evictions: 0, shape: limit.shape, table };
    },
  };
  const offenders = new Offenders(states, {
    read: (slot) => ({ packets: slot === SLOTS.overSlot ? counts.over : -1 }),
  });
  /** A connection of 203.x.y.z was over. */
  const over = (place: number, connections: number) => {
    const at = place * size;
    table.set([0, 0, 0xff, 0xff, 203, 0, place >> 8, place & 0xff], at);
    view.setBigUint64(at + fields.arrival, NOW + 50n, true);
    view.setBigUint64(at + fields.over_since, 7n, true);
    view.setBigUint64(at + fields.connections, BigInt(connections), true);
    counts.over++;
  };
  const changed = () => offenders.changed().map(({ source, connections }) => `${source} ${connections}`);
  return { offenders, over, changed, counts };
}

describe('sources that are over', () => {
  it('are returned once, and again with more connections', () => {
    const { offenders, over, changed } = world();
    offenders.watch([limit]);
    expect(offenders.areWatched).toBe(true);
    expect(changed()).toEqual([]);
    over(1, 21);
    over(2, 21);
    expect(changed()).toEqual(['203.0.0.1 21', '203.0.0.2 21']);
    over(2, 22);
    expect(changed()).toEqual(['203.0.0.2 22']);
    expect(changed()).toEqual([]);
  });

  it('are read only when something was over', () => {
    const { offenders, over, changed, counts } = world();
    offenders.watch([limit]);
    changed();
    changed();
    expect(counts.reads).toBe(1);
    over(1, 21);
    changed();
    expect(counts.reads).toBe(2);
  });

  it('are not looked for under limits that do not ban', () => {
    const { offenders, over, changed, counts } = world();
    offenders.watch([{ ...limit, bans: false }]);
    over(1, 21);
    expect([offenders.areWatched, changed(), counts.reads]).toEqual([false, [], 0]);
  });

  it('are at most 1,000 at a time, and the others with the next calls', () => {
    const { offenders, over, changed } = world();
    offenders.watch([limit]);
    for (let place = 0; place < 2048; place++) over(place, 21);
    const [first, second, third] = [changed(), changed(), changed()];
    expect([first, second, third].map(({ length }) => length)).toEqual([1000, 1000, 48]);
    expect(new Set([...first, ...second, ...third]).size).toBe(2048);
    expect(changed()).toEqual([]);
  });

  it('are not returned again when other rules change', () => {
    const { offenders, over, changed } = world();
    offenders.watch([limit]);
    over(1, 21);
    expect(changed()).toHaveLength(1);
    offenders.watch([{ ...limit, burstNs: 200 }]);
    expect(changed()).toEqual([]);
  });

  it('of the confirmed and the provisional rules are returned once', () => {
    const { offenders, over, changed } = world();
    offenders.watch([limit, { ...limit, burstNs: 200 }]);
    over(1, 21);
    expect(changed()).toHaveLength(1);
  });
});
