import { ACTIONS, FIELD_OFFSETS, PACKET_LOG_SIZE } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { PermitSampler } from './permit-sampler.ts';

/** A fixed sequence of numbers from 0 up to 1. */
function seeded(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function recordsOf(count: number, { denyEvery = 0, weight = 1 } = {}): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    const at = i * PACKET_LOG_SIZE;
    const isDenied = denyEvery > 0 && i % denyEvery === 0;
    view.setUint32(at + FIELD_OFFSETS.rule_id, i, true);
    view.setUint16(at + FIELD_OFFSETS.weight, weight, true);
    bytes[at + FIELD_OFFSETS.action] = isDenied ? ACTIONS.deny : ACTIONS.permit;
  }
  return bytes;
}

function read(bytes: Uint8Array, count: number) {
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, i) => ({
    number: view.getUint32(i * PACKET_LOG_SIZE + FIELD_OFFSETS.rule_id, true),
    weight: view.getUint16(i * PACKET_LOG_SIZE + FIELD_OFFSETS.weight, true),
    action: bytes[i * PACKET_LOG_SIZE + FIELD_OFFSETS.action],
  }));
}

describe('PermitSampler', () => {
  it('changes nothing without a limit, or below it', () => {
    const records = recordsOf(100);
    expect(new PermitSampler(Number.POSITIVE_INFINITY).select(records, 100, 0)).toBe(100);
    expect(new PermitSampler(100).select(records, 100, 0)).toBe(100);
    expect(records).toEqual(recordsOf(100));
  });

  it('keeps every denied packet as it is, and the order', () => {
    const records = recordsOf(10_000, { denyEvery: 10 });
    const kept = read(records, new PermitSampler(100, seeded()).select(records, 10_000, 0));
    const denied = kept.filter(({ action }) => action === ACTIONS.deny);
    expect(denied.map(({ number }) => number)).toEqual(Array.from({ length: 1000 }, (_, i) => i * 10));
    expect(denied.every(({ weight }) => weight === 1)).toBe(true);
    expect(kept.every(({ number }, i) => i === 0 || number > (kept[i - 1]?.number ?? Infinity))).toBe(true);
  });

  it('represents all permitted packets by the weights of the kept ones, whatever the rate', () => {
    const sampler = new PermitSampler(1000, seeded());
    let [offered, kept, packets] = [0, 0, 0];
    for (let slab = 0; slab < 500; slab++) {
      const count = slab % 2 === 0 ? 4000 : 300;
      const records = recordsOf(count);
      const selected = read(records, sampler.select(records, count, slab * 50));
      offered += count;
      kept += selected.length;
      packets += selected.reduce((sum, { weight }) => sum + weight, 0);
    }
    expect(kept).toBeLessThan(offered / 20);
    // The standard deviation of the sum is at most sqrt(offered * max weight): about 12,000.
    expect(Math.abs(packets - offered)).toBeLessThan(5 * Math.sqrt(offered * 128));
  });

  it('multiplies the weights of sampled records, and keeps within 16 bits', () => {
    const records = recordsOf(5000, { weight: 32_768 });
    const kept = read(records, new PermitSampler(1, seeded()).select(records, 5000, 0));
    // 65535 / 32768 is 1: no room for a larger weight, so all stay.
    expect(kept).toHaveLength(5000);
    const light = recordsOf(5000, { weight: 16 });
    const some = read(light, new PermitSampler(1, seeded()).select(light, 5000, 0));
    expect(new Set(some.map(({ weight }) => weight))).toEqual(new Set([16 * 4095]));
  });

  it('records all again once the rate has fallen', () => {
    const sampler = new PermitSampler(1000, seeded());
    expect(sampler.select(recordsOf(100_000), 100_000, 0)).toBeLessThan(3000);
    // The second after a flood still counts it: its rate is the best estimate.
    expect(sampler.select(recordsOf(500), 500, 1000)).toBeLessThan(500);
    expect(sampler.select(recordsOf(500), 500, 2000)).toBe(500);
  });
});
