import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { visibleStrings } from './visible-strings.mjs';
import { WORD_RULES } from './word-rules.mjs';
import { checkedFiles, wordFindings } from './words.mjs';

const PAGE = `
// A refused connection, in a comment.
import { refused } from './refused.ts';
type Outcome = 'refused' | { readonly kind: 'also refused here' };
export const Page = ({ outcome, count }: { outcome: Outcome; count: number }) => (
  <section className="refused let in" title="Packets refused">
    Packets are
    let in.
    {outcome === 'refused' ? 'refused' : 'permitted'}
    {count > 0 && \`\${count} rows were not sent\`}
    <Choice label="Together" value="refused" />
  </section>
);
`;
const MESSAGES = `
const outcome = 'refused';
export const problem = (name: string) =>
  'the request was ' +
  'refused: ' + (name === 'not sent' ? name : \`\${name} was dropped\`);
export const facts = { 'left out': 1, next: 'Rehearse it.', [outcome]: 'emitted' };
export const label = ['Refused', 'permitted'];
`;
const strings = visibleStrings(
  new Map([
    ['page.tsx', PAGE],
    ['messages.ts', MESSAGES],
  ]),
);

it('finds each word that is ruled out in visible text, and only there', () => {
  const { findings } = wordFindings(strings, WORD_RULES, []);
  expect(findings.map(({ file, line, word }) => `${file}:${line} ${word}`)).toEqual([
    'page.tsx:6 refused',
    'page.tsx:7 let in',
    'page.tsx:9 refused',
    'page.tsx:10 not sent',
    'page.tsx:11 Together',
    'messages.ts:4 refused',
    'messages.ts:5 dropped',
    'messages.ts:6 Rehearse',
    'messages.ts:7 Refused',
  ]);
});

it('names the word to use instead, and why', () => {
  const [finding] = wordFindings(strings, WORD_RULES, []).findings;
  expect(finding).toMatchObject({ text: 'Packets refused', use: 'denied, or rejected' });
  expect(finding?.why).toMatch(/^A rule denies/);
});

it('accepts exceptions, and reports those that are not needed', () => {
  const needed = { text: /^Packets refused$/, why: 'needed' };
  const { findings, unused } = wordFindings(strings, WORD_RULES, [needed, { text: /^Nothing$/, why: 'left over' }]);
  expect(findings.map(({ text }) => text)).not.toContain('Packets refused');
  expect(unused).toEqual(['/^Nothing$/']);
});

it('finds nothing in text without such a word', () => {
  const right = `export const texts = ['3 packets were denied', 'The request was rejected.', 'Lost: the queue was full'];`;
  expect(wordFindings(visibleStrings(new Map([['right.ts', right]])), WORD_RULES, []).findings).toEqual([]);
});

it('checks the shipped sources of the client too', () => {
  const shipped = 'packages/client/src/open-socket.ts';
  const others = ['packages/client/src/client.test.ts', 'packages/client/README.md', 'packages/bpf/src/state.ts'];
  expect(checkedFiles([shipped, ...others])).toEqual([shipped]);
});

it('finds a word that is ruled out in a source of the client', () => {
  const file = 'packages/client/src/open-socket.ts';
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const clean = wordFindings(visibleStrings(new Map([[file, source]])), WORD_RULES, []);
  expect(clean.findings).toEqual([]);
  const planted = `${source}\nexport const planted = new Error('The loader refused the connection.');\n`;
  const { findings } = wordFindings(visibleStrings(new Map([[file, planted]])), WORD_RULES, []);
  expect(findings.map(({ word }) => word)).toEqual(['refused']);
});
