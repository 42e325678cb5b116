import { describe, expect, it } from 'vitest';
import { completed, edited, narrowed, readFilterText, shortFilter } from './filter-text.ts';

describe('readFilterText', () => {
  it('reads an empty text as all packets', () => {
    expect(readFilterText('  ')).toEqual({ filter: null, trouble: null });
  });

  it('returns the position and the fix of an error', () => {
    const { filter, trouble } = readFilterText('tcp dst prot 443');
    expect(filter).toBeNull();
    expect(trouble).toMatchObject({ from: 8, to: 12, fix: 'port' });
    expect(edited('tcp dst prot 443', 8, 12, 'port')).toEqual({ text: 'tcp dst port 443', cursor: 12 });
  });
});

describe('completed', () => {
  it.each([
    ['t', 0, 1, 'tcp', 'tcp ', 4],
    ['t and udp', 0, 1, 'tcp', 'tcp and udp', 4],
    ['src ', 4, 4, 'host', 'src host ', 9],
  ])('%j from %i to %i with %j is %j', (text, from, cursor, word, result, at) => {
    expect(completed(text, from, cursor, word)).toEqual({ text: result, cursor: at });
  });
});

describe('narrowed', () => {
  it.each([
    ['', 'tcp'],
    ['udp', 'udp and tcp'],
    ['udp or icmp', '(udp or icmp) and tcp'],
    ['port 80 || icmp', '(port 80 || icmp) and tcp'],
  ])('%j', (text, result) => {
    expect(narrowed(text, 'tcp')).toBe(result);
    expect(readFilterText(result).trouble).toBeNull();
  });
});

it('a long filter is cut at its end', () => {
  expect(shortFilter('abcdef', 5)).toBe('abcd…');
  expect(shortFilter('abcde', 5)).toBe('abcde');
});
