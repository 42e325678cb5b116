import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter } from '../../test/support/filter.arbitrary.ts';
import { icmpNames } from '../names/icmp-names.ts';
import { serviceNames } from '../names/service-names.ts';
import { ACTIONS, REASONS } from '../record/layout.ts';
import { IP_PROTOCOL_WORDS } from '../rules/ip-protocol.ts';
import { FilterError } from './filter-error.ts';
import { formatFilter } from './format.ts';
import { distanceOf } from './nearest.ts';
import { parseFilter } from './parse.ts';
import { tokensOf } from './tokens.ts';
import { ETHER_TYPE_WORDS, FLAG_WORDS, TERM_WORDS } from './words.ts';

/** Every word that has a meaning somewhere. */
const VOCABULARY = [
  ...TERM_WORDS,
  ...['and', 'or', 'not', 'none', 'type', 'code'],
  ...FLAG_WORDS.keys(),
  ...ETHER_TYPE_WORDS.keys(),
  ...IP_PROTOCOL_WORDS,
  ...Object.keys(REASONS),
  ...Object.keys(ACTIONS),
  ...icmpNames(1).keys(),
  ...serviceNames(),
];

/** Typing errors: a letter missing, added, changed or swapped with the next; or another word altogether. */
const typo = fc.tuple(
  fc.constantFrom('drop', 'add', 'change', 'swap', 'word'),
  fc.nat(),
  fc.constantFrom(...'abeinrst01.'),
);
function mistyped(word: string, [how, place, letter]: readonly [string, number, string]): string {
  const at = place % word.length;
  const [before, after] = [word.slice(0, at), word.slice(at)];
  switch (how) {
    case 'drop':
      return before + after.slice(1);
    case 'add':
      return before + letter + after;
    case 'change':
      return before + letter + after.slice(1);
    case 'swap':
      return before + after.slice(1, 2) + after.slice(0, 1) + after.slice(2);
    default:
      return VOCABULARY[place % VOCABULARY.length] as string;
  }
}

function rejection(text: string): FilterError | undefined {
  try {
    parseFilter(text);
    return undefined;
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
}

const readsUpTo = (text: string, column: number) => (rejection(text)?.from ?? Number.POSITIVE_INFINITY) >= column;

/** A filter in which one or two words are wrong. */
const broken = fc
  .tuple(filter.map(formatFilter), fc.array(fc.tuple(fc.nat(), typo), { minLength: 1, maxLength: 2 }))
  .filter(([text]) => text.length < 300)
  .map(([text, slips]) =>
    slips.reduce((wrong, [place, slip]) => {
      const words = tokensOf(wrong).tokens.filter(({ kind }) => kind === 'word');
      const word = words[place % Math.max(1, words.length)];
      return word === undefined ? wrong : wrong.slice(0, word.from) + mistyped(word.text, slip) + wrong.slice(word.to);
    }, text),
  );

describe('a fix', () => {
  it('parses, and no other word that parses there is nearer to the typed one', () => {
    let offered = 0;
    fc.assert(
      fc.property(broken, (text) => {
        const error = rejection(text);
        if (error?.fix === undefined) return;
        offered++;
        const { from, to, fix } = error;
        const write = (word: string) => text.slice(0, from) + word + text.slice(to);
        expect(readsUpTo(write(fix), from + fix.length), `${text} -> ${write(fix)}`).toBe(true);

        const typed = text.slice(from, to).toLowerCase();
        // Fixes for numbers and addresses depend on their form, not on similar letters.
        if (!/^[a-z]/.test(typed)) return;
        // The fix replaces a whole term, such as "portrange ::": no single word stands for it.
        if (typed.includes(' ')) return;
        // A fix that keeps the typed text and adds to it is always the nearest.
        if (fix.toLowerCase().includes(typed)) return;
        const words = [...fix.split(' '), fix].map((word) => distanceOf(typed, word));
        const least = Math.min(...words);
        for (const word of VOCABULARY) {
          if (distanceOf(typed, word) >= least) continue;
          expect(readsUpTo(write(word), from + word.length), `${text}: "${word}" is nearer than "${fix}"`).toBe(false);
        }
      }),
      { numRuns: 1500 },
    );
    expect(offered).toBeGreaterThan(250);
  });

  it.each(['rst', 'tcp syn', 'malformed', 'ospf', 'tcp and https', 'port 80 or ack', 'not eapol'])(
    'adds the missing word before a value: %s',
    (text) => {
      const { fix = '', from = 0, to = 0 } = rejection(text) ?? {};
      expect(fix.split(' ').at(-1)).toBe(text.split(' ').at(-1));
      expect(() => parseFilter(text.slice(0, from) + fix + text.slice(to))).not.toThrow();
    },
  );
});
