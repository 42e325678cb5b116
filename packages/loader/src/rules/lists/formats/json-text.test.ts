import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseAddressList } from '../parse-address-list.ts';
import { isJsonText } from './json-text.ts';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('text is JSON exactly if JSON.parse accepts it', () => {
  it.each([
    ...[
      '',
      ' ',
      '{',
      '}',
      '[',
      ']',
      '{}',
      '[]',
      '[[]]',
      '[{}]',
      '{"a":{}}',
      '{"a":[]}',
      '[,]',
      '[1,]',
      '[1,2]',
      '{"a"}',
    ],
    ...['{"a":}', '{"a":1,}', '{"a":1,"b":2}', '{,}', '{1:2}', '[1 2]', '[]]', '[}', '{]', '[]{}', '[1]x', '"a', 'a"'],
    ...['"a"', '"\\n\\u00e9\\/"', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\', '"\t"', '"\u2028\ud800"', '"\u0000"', "'a'"],
    ...['0', '-0', '-', '01', '1.', '.5', '1.5', '1e5', '1E+5', '1e-05', '1e', '1e+', '+1', '1é', '--1', 'NaN', '0x1'],
    ...[
      'true',
      'tru',
      'truee',
      'null',
      'false',
      'False',
      '\ufeff1',
      '\u00a01',
      '\v1',
      '\r\n\t 1 \r\n\t ',
      '[true,null]',
    ],
    ...['__proto__', '{"__proto__":1}', '['.repeat(100_000), '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('%.40j', (text) => {
    expect(isJsonText(text)).toBe(parses(text));
  });

  it('in general, and with one character changed, removed or added', () => {
    const characters = fc.constantFrom(...'{}[],:"\\eE+-.0159tfnu \t\n\u0001\u2028');
    const changed = fc
      .record({ json: fc.json(), at: fc.nat(), removed: fc.nat(1), added: fc.array(characters, { maxLength: 2 }) })
      .map(({ json, at, removed, added }) => {
        const from = at % (json.length + 1);
        return json.slice(0, from) + added.join('') + json.slice(from + removed);
      });
    const tokens = fc.array(fc.constantFrom(...'{}[],:', '"a"', '1', 'true', '-0.5e1', ' '), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          changed,
          tokens.map((each) => each.join('')),
        ),
        (text) => {
          expect(isJsonText(text)).toBe(parses(text));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a list of JSON lines', () => {
  it.each(['{"}', '[x]', 'x}', '{"cidr":"192.0.2.1"]'])('costs no exception for a line such as %s', (invalid) => {
    const parse = vi.spyOn(JSON, 'parse');
    try {
      const list = `{"cidr":"198.51.100.0/24"}\n${`${invalid}\n`.repeat(1000)}`;
      expect(parseAddressList(Buffer.from(list)).badLineCount).toBe(1000);
      // One for the whole text.
      expect(parse.mock.results.filter(({ type }) => type === 'throw').length).toBeLessThanOrEqual(1);
    } finally {
      parse.mockRestore();
    }
  });
});
