import { describe, expect, it } from 'vitest';
import { hashOfView, viewOfHash } from './view-hash.ts';

const range = { fromMs: Date.UTC(2026, 10, 29, 20, 3, 10), toMs: Date.UTC(2026, 10, 29, 20, 4, 0, 500) };

describe('the hash of a page', () => {
  it.each(['', 'tcp dst port 443', 'iface "a b" and not (deny || len > 1000)', 'src net 2001:db8::/32'])(
    'keeps the filter %j, with and without a range',
    (filter) => {
      expect(viewOfHash(hashOfView({ filter, range: null, node: null }))).toEqual({ filter, range: null, node: null });
      expect(viewOfHash(hashOfView({ filter, range, node: 'all-nodes' }))).toEqual({
        filter,
        range,
        node: 'all-nodes',
      });
    },
  );

  it('has times that people can read', () => {
    expect(hashOfView({ filter: '', range, node: null })).toBe(
      '#from=2026-11-29T20:03:10Z&to=2026-11-29T20:04:00.500Z',
    );
    expect(hashOfView({ filter: ' ', range: null, node: null })).toBe('');
  });

  it('is read beside a token', () => {
    expect(viewOfHash('#token=abc&filter=tcp').filter).toBe('tcp');
  });

  it.each(['#from=2026-11-29T20:03:10Z', '#from=never&to=2026-11-29T20:03:10Z', '#from=2026-11-29&to=2026-11-28'])(
    'without a range: %j',
    (hash) => {
      expect(viewOfHash(hash).range).toBeNull();
    },
  );
});
