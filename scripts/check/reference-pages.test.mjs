import { describe, expect, it } from 'vitest';
import { referenceProblems } from './reference-pages.mjs';

const TABLES = [
  { heading: 'Requests', file: 'requests.ts', codes: /code: z\.enum\(\[(.*?)\]\)/s },
  { heading: 'Exit codes', file: 'exit.ts', codes: /EXIT = \{(.*?)\}/s },
];
/** @type {Record<string, string>} */
const SOURCES = {
  'requests.ts': "code: z.enum(['invalid', 'not_found']),",
  'exit.ts': "const EXIT = {\n  /** It isn't an error. */\n  ok: 0,\n  failed: 1,\n};",
};
const ERRORS = [
  '# Errors',
  '## Requests',
  '| code | meaning |',
  '| `invalid` | see `field` |',
  '| `not_found` | no rule |',
  '## Exit codes',
  '| 0 | `ok` | as `true` |',
  '| 1 | `failed` | an error |',
].join('\n');
const GLOSSARY = '| **permit, permitted** | passes |\n| **node** | a loader; **all nodes** | all |';

/** @param {Record<string, string>} pages */
const problems = (pages, terms = ['permit', 'all nodes']) =>
  referenceProblems(new Map(Object.entries(pages)), (file) => SOURCES[file] ?? '', TABLES, terms);

describe('reference pages', () => {
  it('have no problem if they contain each code and each term', () => {
    expect(problems({ 'docs/errors.md': ERRORS, 'docs/glossary.md': GLOSSARY })).toEqual([]);
  });

  it('that lack a code of the sources are reported', () => {
    const errors = ERRORS.replace('| `not_found` | no rule |\n', '').replace('| 1 | `failed` | an error |', '');
    expect(problems({ 'docs/errors.md': errors, 'docs/glossary.md': GLOSSARY })).toEqual([
      'docs/errors.md: `not_found` of requests.ts is missing.',
      'docs/errors.md: `failed` of exit.ts is missing.',
    ]);
  });

  it('that have a code which no source has are reported', () => {
    const errors = ERRORS.replace('`not_found` |', '`not_found`, `gone` |');
    expect(problems({ 'docs/errors.md': errors, 'docs/glossary.md': GLOSSARY })).toEqual([
      'docs/errors.md: `gone` under "Requests" is not in requests.ts.',
    ]);
  });

  it('that lack a term are reported', () => {
    const pages = { 'docs/errors.md': ERRORS, 'docs/glossary.md': GLOSSARY };
    expect(problems(pages, ['deny', 'node'])).toEqual(['docs/glossary.md: "deny" is missing. Define it, in bold.']);
  });

  it('cannot be checked against a source whose codes are elsewhere, and this is reported', () => {
    const [fault] = referenceProblems(new Map([['docs/errors.md', ERRORS]]), () => '', TABLES, []);
    expect(fault).toBe('requests.ts: the codes of "Requests" are not where reference-pages.mjs expects them.');
  });
});
