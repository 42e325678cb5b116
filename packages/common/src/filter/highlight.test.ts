import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter } from '../../test/support/filter.arbitrary.ts';
import { formatFilter } from './format.ts';
import { highlightFilter } from './highlight.ts';

const shown = (text: string) => highlightFilter(text).map(({ kind, from, to }) => `${kind} ${text.slice(from, to)}`);

describe('highlightFilter', () => {
  it('marks each word with its kind', () => {
    expect(shown('(src net 10/8 or iface "a b") and tcp dst port https && len >= 60 and not deny')).toEqual([
      'connective (',
      'keyword src',
      'keyword net',
      'address 10/8',
      'connective or',
      'keyword iface',
      'name "a b"',
      'connective )',
      'connective and',
      'keyword tcp',
      'keyword dst',
      'keyword port',
      'name https',
      'connective &&',
      'keyword len',
      'comparison >=',
      'number 60',
      'connective and',
      'connective not',
      'keyword deny',
    ]);
  });

  it.each<[string, string[]]>([
    ['dst prot 443', ['keyword dst', 'error prot']],
    ['tcp udp', ['keyword tcp', 'error udp']],
    ['(tcp', ['error (', 'keyword tcp']],
    ['tcp and', ['keyword tcp', 'connective and']],
    ['tcp port', ['keyword tcp', 'keyword port']],
    ['iface "x', ['keyword iface', 'error "x']],
    ['', []],
  ])('marks the error in %j', (text, marks) => {
    expect(shown(text)).toEqual(marks);
  });

  it('marks everything but spaces in a valid filter', () => {
    fc.assert(
      fc.property(filter.map(formatFilter), (text) => {
        fc.pre(text.length < 4096);
        const marks = highlightFilter(text);
        const covered = marks.map(({ from, to }) => text.slice(from, to)).join('');
        expect(marks.some(({ kind }) => kind === 'error')).toBe(false);
        expect(covered.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      }),
    );
  });

  it('never throws, and its marks are in order and do not overlap', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(filter.map(formatFilter), fc.string()).map((two) => two.join(' ')),
        ),
        (text) => {
          let end = 0;
          for (const { from, to } of highlightFilter(text)) {
            expect(from).toBeGreaterThanOrEqual(end);
            expect(to).toBeGreaterThan(from);
            end = to;
          }
          expect(end).toBeLessThanOrEqual(text.length);
        },
      ),
    );
  });
});
