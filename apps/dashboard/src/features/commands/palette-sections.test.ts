import { describe, expect, it } from 'vitest';
import type { Command } from '../../ui/keys/key-bindings.ts';
import { paletteSections } from './palette-sections.ts';

const applied: string[] = [];
const filter = { text: '', apply: (text: string) => void applied.push(text) };
const ran: string[] = [];
const shown: object[] = [];
const time = { nowMs: new Date(2026, 10, 30, 14, 3).getTime(), show: (range: object) => void shown.push(range) };

function command(name: string, group: Command['group'], from = 'page'): Command {
  return { name, group, keys: [], run: () => void ran.push(`${name} by ${from}`) };
}

const COMMANDS = [
  command('Add a rule…', 'Rules'),
  command('Go to Rules', 'Pages', 'app'),
  command('Pause the rows', 'Rows', 'app'),
  command('Add a rule…', 'Rules', 'app'),
];

const sections = (query: string, recent: readonly string[] = []) =>
  paletteSections(COMMANDS, query, recent, filter, time).map(({ title, found }) => [
    title,
    found.map(({ entry }) => entry.name),
  ]);

describe('the palette shows', () => {
  it('all commands in their groups, each name once', () => {
    expect(sections('')).toEqual([
      ['Rows', ['Pause the rows']],
      ['Rules', ['Add a rule…']],
      ['Pages', ['Go to Rules']],
    ]);
  });

  it('recently used commands first, if they are available', () => {
    expect(sections('', ['Step', 'Go to Rules'])).toEqual([
      ['Recently used', ['Go to Rules']],
      ['Rows', ['Pause the rows']],
      ['Rules', ['Add a rule…']],
    ]);
  });

  it('matching commands, and the text as a filter', () => {
    expect(sections('rules')).toEqual([['Commands', ['Go to Rules']]]);
    expect(sections('rule')).toEqual([
      ['Commands', ['Add a rule…', 'Go to Rules']],
      ['As a filter', ['Show only: rule']],
    ]);
    expect(sections('tcp port 22')).toEqual([['As a filter', ['Show only: tcp port 22']]]);
    expect(sections('nothing of that kind')).toEqual([]);
  });
});

it('of two commands with the same name, the one of the narrower scope runs', () => {
  paletteSections(COMMANDS, 'add', [], filter, time)[0]?.found[0]?.entry.run();
  expect(ran).toEqual(['Add a rule… by page']);
});

it('choosing a filter applies it', () => {
  paletteSections(COMMANDS, '443', [], filter, time)[0]?.found[0]?.entry.run();
  expect(applied).toEqual(['port 443']);
});

it('choosing a time shows it', () => {
  const [section] = paletteSections(COMMANDS, 'yesterday 21:03-21:10', [], filter, time);
  expect(section?.title).toBe('As a time');
  expect(section?.found[0]?.entry.name).toBe('Show 21:03:00 to 21:10:00 yesterday');
  section?.found[0]?.entry.run();
  const at = (minute: number) => new Date(2026, 10, 29, 21, minute).getTime();
  expect(shown).toEqual([{ fromMs: at(3), toMs: at(10) }]);
});
