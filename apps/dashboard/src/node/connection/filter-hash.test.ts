import { describe, expect, it } from 'vitest';
import { filterOfHash, hashOfFilter } from './filter-hash.ts';

describe('the filter of a page', () => {
  it.each(['', 'tcp dst port 443', 'iface "a b" and not (deny || len > 1000)'])('%j survives the hash', (text) => {
    expect(filterOfHash(hashOfFilter(text))).toBe(text);
  });

  it('is read beside a token', () => {
    expect(filterOfHash('#token=abc&filter=tcp')).toBe('tcp');
  });
});
