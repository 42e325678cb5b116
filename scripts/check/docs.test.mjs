import { describe, expect, it } from 'vitest';
import { anchorsOf, problemsOf, wordsIn } from './docs.mjs';

const files = ['README.md', 'docs/rules.md', 'docs/pictures/live.png', 'packages/bpf/src/state.ts'];

/** @param {Record<string, string>} pages */
const problems = (pages) => problemsOf({ files, pages: new Map(Object.entries(pages)) });

describe('links in documents', () => {
  it('may point to files, folders, headings and other sites', () => {
    const readme =
      '[a](docs/rules.md#add-and-remove) ![b](docs/pictures/live.png) [c](docs) [d](https://example.com/x) [e](#top)';
    expect(
      problems({ 'README.md': `# Top\n${readme}\n`, 'docs/rules.md': '## Add and remove\n[up](../README.md)' }),
    ).toEqual([]);
  });

  it('to a missing file are a problem, with file and line', () => {
    expect(problems({ 'docs/rules.md': '\n[a](missing.md)\n[b]: ../nowhere.md\n' })).toEqual([
      'docs/rules.md:2: link to missing.md: no such file.',
      'docs/rules.md:3: link to ../nowhere.md: no such file.',
    ]);
  });

  it('to a missing heading are a problem', () => {
    expect(problems({ 'README.md': '[a](docs/rules.md#lists)', 'docs/rules.md': '# Rules' })).toEqual([
      'README.md:1: link to docs/rules.md#lists: no such heading in docs/rules.md.',
    ]);
  });

  it('are ignored in code', () => {
    expect(problems({ 'README.md': '`[a](missing.md)`\n```md\n[a](missing.md)\n```\n' })).toEqual([]);
  });
});

it('a path in backticks that does not exist is a problem, but not in the changelog', () => {
  const page = '`packages/bpf/src/state.ts` `packages/bpf/src/` `packages/bpf/src/gone.ts`';
  expect(problems({ 'README.md': page, 'CHANGELOG.md': page })).toEqual([
    'README.md:1: `packages/bpf/src/gone.ts`: no such file or folder.',
  ]);
});

it('a page with more words than its limit is a problem', () => {
  expect(problems({ 'ARCHITECTURE.md': 'word '.repeat(1500) })).toEqual([]);
  expect(problems({ 'ARCHITECTURE.md': 'word '.repeat(1501) })).toEqual([
    'ARCHITECTURE.md: 1501 words, at most 1500. Move details to docs/.',
  ]);
  expect(wordsIn(' two\nwords ')).toBe(2);
});

describe('words that are ruled out', () => {
  const rules = [{ not: /\bso (many|much)\b/i, use: 'the number', why: 'It is known.' }];
  const found = (/** @type {string} */ page) => problemsOf({ files, pages: new Map([['README.md', page]]) }, rules);

  it('are a problem, even across a line break', () => {
    expect(found('# A\n\nWith so many rows.')).toEqual(['README.md:3: "so many". Use: the number. It is known.']);
    expect(found('Rows, so\n  many of them.')).toEqual(['README.md:1: "so many". Use: the number. It is known.']);
  });

  it('are ignored in code and in the targets of links', () => {
    expect(found('`so many`, [a](https://example.com/so%20many)\n```\nso many\n```\nso\n\nmany')).toEqual([]);
  });

  it('are the same as for visible strings', () => {
    expect(problems({ 'README.md': 'The loader refused it.' })).toHaveLength(1);
  });
});

it('anchors are those of GitHub: lower case, no punctuation, numbered when they repeat', () => {
  const page = '# A `b`, and: C!\n## Twice\n## Twice\n```\n# code\n```\n<a id="own"></a>';
  expect([...anchorsOf(page)]).toEqual(['a-b-and-c', 'twice', 'twice-1', 'own']);
});
