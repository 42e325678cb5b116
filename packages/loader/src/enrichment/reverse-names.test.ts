import { describe, expect, it, vi } from 'vitest';
import { ReverseNames } from './reverse-names.ts';

describe('ReverseNames', () => {
  it('returns the first name, or null where there is none', async () => {
    const names = new ReverseNames((address) =>
      address === '192.0.2.1' ? Promise.resolve(['a.example', 'b.example']) : Promise.reject(new Error('ENOTFOUND')),
    );
    expect(await names.find(['192.0.2.1', '192.0.2.2'])).toEqual({ '192.0.2.1': 'a.example', '192.0.2.2': null });
  });

  it('queries an address once, however often it is requested', async () => {
    const ask = vi.fn((address: string) => Promise.resolve([`${address}.example`]));
    const names = new ReverseNames(ask);
    await Promise.all([names.find(['192.0.2.1']), names.find(['192.0.2.1', '192.0.2.1'])]);
    await names.find(['192.0.2.1']);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('limits waiting queries: returns undefined at once when full, and accepts more when there is room', async () => {
    const open: (() => void)[] = [];
    const ask = vi.fn(() => new Promise<string[]>((resolve) => open.push(() => resolve(['x.example']))));
    const names = new ReverseNames(ask);
    const twenty = (round: number) => Array.from({ length: 20 }, (_, k) => `192.0.${round}.${k}`);
    const answers = Array.from({ length: 100 }, (_, round) => names.find(twenty(round)));
    const taken = answers.filter((answer) => answer !== undefined);
    expect(taken).toHaveLength(6);
    // A lookup in progress needs no further slot.
    expect(names.find(twenty(0))).toBeDefined();
    for (let k = 0; k < 120; k++) {
      await vi.waitUntil(() => open.length > 0);
      open.shift()?.();
    }
    await Promise.all(taken);
    expect(names.find(twenty(50))).toBeDefined();
    expect(ask).toHaveBeenCalledTimes(128);
  });

  it('never has more than eight queries in flight', async () => {
    let open = 0;
    let most = 0;
    const names = new ReverseNames(async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      return ['x.example'];
    });
    const addresses = Array.from({ length: 50 }, (_, k) => `192.0.2.${k}`);
    expect(Object.keys((await names.find(addresses)) ?? {})).toHaveLength(50);
    expect(most).toBe(8);
  });
});
