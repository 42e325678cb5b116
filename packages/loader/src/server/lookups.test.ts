import { expect, it, vi } from 'vitest';
import { History } from '../history/history.ts';
import { NOT_RECORDED } from '../ipc/past-access.ts';
import { lookups } from './lookups.ts';

it('rejects too many names with a retry time, and counts the rejections', async () => {
  const lines = { warn: vi.fn() };
  const reverseNames = { find: vi.fn(() => undefined) };
  const asked = lookups({
    history: new History(),
    past: { ask: async () => NOT_RECORDED },
    rules: { limits: async () => ({ ok: true, value: { at_ms: 0, limits: [] } }) },
    listeners: undefined,
    places: undefined,
    reverseNames,
    lines,
  });
  const ask = () =>
    asked.get('names:reverse')?.answer({ addresses: ['192.0.2.1'] }, { address: '192.0.2.9', adminToken: undefined });
  expect(ask).toThrow(expect.objectContaining({ name: 'Unavailable', retryAfterMs: 5000 }));
  expect(ask).toThrow('Too many names are being looked up. Retry in 5 s.');
  expect(lines.warn.mock.calls).toEqual([
    [{}, 'reverse DNS lookups rejected: too many wait'],
    [{}, 'reverse DNS lookups rejected: too many wait'],
  ]);
});
