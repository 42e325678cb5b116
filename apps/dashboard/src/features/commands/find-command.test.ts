import { describe, expect, it } from 'vitest';
import { find, withRecent } from './find-command.ts';

const ENTRIES = [
  { name: 'Pause the rows', keywords: 'stop freeze' },
  { name: 'Go to Rules' },
  { name: 'Show the last 15 min' },
  { name: 'Add a rule…', keywords: 'deny permit' },
  { name: 'Theme: dark' },
] as const;

const names = (query: string, recent: readonly string[] = []) =>
  find(ENTRIES, query, recent).map(({ entry }) => entry.name);

describe('the palette finds', () => {
  it('everything in order for an empty query', () => {
    expect(names('  ')).toEqual(ENTRIES.map(({ name }) => name));
  });

  it.each([
    ['the start of a word', 'ru', ['Go to Rules', 'Add a rule…']],
    ['capitals, ignoring case', 'THEME', ['Theme: dark']],
    ['a part of a word', 'ause', ['Pause the rows']],
    ['the first letters of the words', 'gtr', ['Go to Rules']],
    ['first letters with more of a word', 'goru', ['Go to Rules']],
    ['words in any order', 'rules go', ['Go to Rules']],
    ['a keyword', 'deny', ['Add a rule…']],
    ['numbers', '15', ['Show the last 15 min']],
  ])('%s', (_, query, found) => expect(names(query)).toEqual(found));

  it.each(['xyz', 'rules xyz', 'pz'])('nothing for %s', (query) => expect(names(query)).toEqual([]));

  it('the recently used one first of two equally good matches', () => {
    expect(names('ru', ['Add a rule…'])).toEqual(['Add a rule…', 'Go to Rules']);
    expect(names('g', ['Add a rule…'])).toEqual(['Go to Rules']);
  });

  it('the matched letters', () => {
    expect(find(ENTRIES, 'gtr', [])[0]?.marked).toEqual([0, 3, 6]);
    expect(find(ENTRIES, 'rule', [])[0]?.marked).toEqual([6, 7, 8, 9]);
    expect(find(ENTRIES, 'freeze', [])[0]?.marked).toEqual([]);
  });
});

it('remembers the last few commands, each once, newest first', () => {
  const all = ['a', 'b', 'c', 'a', 'd', 'e', 'f', 'g'].reduce<readonly string[]>(withRecent, []);
  expect(all).toEqual(['g', 'f', 'e', 'd', 'a', 'c']);
});
