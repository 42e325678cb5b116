import { describe, expect, it } from 'vitest';
import { accumulated } from './fuzz-results.mjs';

const made = { date: '2026-11-30T10:00:00Z', commit: 'new' };
const finding = { kind: 'stall', message: '60 ms for 5 bytes' };
const old = { date: '2026-11-29T10:00:00Z', commit: 'old', inputs: 5000, seconds: 3.1, findings: [finding] };

describe('the results of the fuzzer', () => {
  it('add up inputs and seconds; the rest is that of the last run of the target', () => {
    const run = { target: 'lists', inputs: 70, seconds: 0.2, findings: [] };
    const all = accumulated({ lists: old, ipc: old }, [run, { ...run, target: 'codec' }], made);
    expect(all).toEqual({
      codec: { ...made, inputs: 70, seconds: 0.2, findings: [] },
      ipc: old,
      lists: { ...made, inputs: 5070, seconds: 3.3, findings: [] },
    });
    expect(Object.keys(all)).toEqual(['codec', 'ipc', 'lists']);
  });
});
