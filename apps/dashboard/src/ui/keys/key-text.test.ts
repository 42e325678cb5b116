import { describe, expect, it } from 'vitest';
import { isCharacterKey, keyCaps, keyOf, shortcutText } from './key-text.ts';

const press = (key: string, held: Partial<Parameters<typeof keyOf>[0]> = {}) => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe('the name of a key press', () => {
  it.each([
    ['d', press('d'), 'd'],
    ['a capital letter by Caps Lock', press('D'), 'd'],
    ['a letter with Shift', press('C', { shiftKey: true }), 'shift+c'],
    ['a sign that needs Shift here', press('?', { shiftKey: true }), '?'],
    ['the same sign without', press('?'), '?'],
    ['the space bar', press(' '), 'space'],
    ['an arrow', press('ArrowDown'), 'arrowdown'],
    ['an arrow with Shift', press('ArrowDown', { shiftKey: true }), 'shift+arrowdown'],
    ['Ctrl K', press('k', { ctrlKey: true }), 'mod+k'],
    ['the same key where another alphabet is in use', press('в', { code: 'KeyD' }), 'd'],
    ['a letter that a Latin keyboard has on a key of signs', press('ö', { code: 'Semicolon' }), 'ö'],
  ])('is right for %s', (_, event, name) => expect(keyOf(event, false)).toBe(name));

  it.each([
    ['Shift alone', press('Shift', { shiftKey: true })],
    ['a key with Alt, which menus and screen readers use', press('d', { altKey: true })],
    ['a key with the Windows key', press('d', { metaKey: true })],
    ['an accent that waits for its letter', press('Dead')],
  ])('is null for %s', (_, event) => expect(keyOf(event, false)).toBeNull());

  it('takes ⌘ on a Mac, where Ctrl edits text', () => {
    expect(keyOf(press('k', { metaKey: true }), true)).toBe('mod+k');
    expect(keyOf(press('k', { ctrlKey: true }), true)).toBeNull();
  });
});

it.each([
  ['d', true],
  ['shift+c', true],
  ['?', true],
  ['space', true],
  ['g l', true],
  ['mod+k', false],
  ['escape', false],
  ['enter', false],
  ['arrowdown', false],
])('%s consists of characters: %s', (keys, is) => expect(isCharacterKey(keys)).toBe(is));

it('shows keys as on the keyboard', () => {
  expect(keyCaps('mod+k', false)).toEqual(['Ctrl', 'K']);
  expect(keyCaps('mod+k', true)).toEqual(['⌘', 'K']);
  expect(keyCaps('shift+arrowleft', false)).toEqual(['Shift', '←']);
  expect(keyCaps('+', false)).toEqual(['+']);
  expect(keyCaps('g l', false)).toEqual(['G', 'L']);
});

it('describes keys in text', () => {
  expect(shortcutText('g l', false)).toBe('G then L');
  expect(shortcutText('mod+k', false)).toBe('Ctrl K');
});
