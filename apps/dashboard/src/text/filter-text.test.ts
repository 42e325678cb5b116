import { describe, expect, it } from 'vitest';
import {
  completed,
  edited,
  filterOfHash,
  hashOfFilter,
  keyAction,
  narrowed,
  readFilterText,
  withSaved,
} from './filter-text.ts';

describe('readFilterText', () => {
  it('takes nothing for everything', () => {
    expect(readFilterText('  ')).toEqual({ filter: null, trouble: null });
  });

  it('gives the place and the fix of what is wrong', () => {
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

describe('the filter of a page', () => {
  it.each(['', 'tcp dst port 443', 'iface "a b" and not (deny || len > 1000)'])(
    '%j comes back from its hash',
    (text) => {
      expect(filterOfHash(hashOfFilter(text))).toBe(text);
    },
  );

  it('stands beside a token that was pasted with it', () => {
    expect(filterOfHash('#token=abc&filter=tcp')).toBe('tcp');
  });
});

describe('withSaved', () => {
  it('keeps the newest first, each once, and twenty of them', () => {
    expect(withSaved(['a', 'b'], 'b')).toEqual(['b', 'a']);
    expect(
      withSaved(
        Array.from({ length: 20 }, (_, i) => `f${i}`),
        'new',
      ),
    ).toHaveLength(20);
  });
});

describe('keyAction', () => {
  const idle = { options: 0, chosen: false, parses: true, open: false };
  it.each([
    ['Enter', idle, 'apply'],
    ['Enter', { ...idle, parses: false }, 'close'],
    ['Enter', { ...idle, options: 3, chosen: true, open: true }, 'take'],
    ['Tab', { ...idle, options: 3, chosen: true, open: true }, 'take'],
    ['Tab', { ...idle, options: 3, open: true }, null],
    ['ArrowDown', { ...idle, options: 3, open: true }, 'next'],
    ['ArrowUp', { ...idle, options: 3, open: true }, 'previous'],
    ['ArrowDown', idle, null],
    ['Escape', { ...idle, options: 3, open: true }, 'close'],
    ['Escape', idle, 'leave'],
    ['x', idle, null],
  ])('%s with %j: %s', (key, state, action) => {
    expect(keyAction(key, state)).toBe(action);
  });
});
