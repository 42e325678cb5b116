import { describe, expect, it } from 'vitest';
import { type Command, type Focus, inOrder, type KeyScope, matchKey, type ScopedCommands } from './key-bindings.ts';

const NOWHERE: Focus = { typing: false, widget: false, dialog: false, repeat: false, characterKeys: true };

function command(name: string, keys: readonly string[], more: Partial<Command> = {}): Command {
  return { name, keys, group: 'Rows', run: () => {}, ...more };
}

function scoped(scope: KeyScope, ...commands: Command[]): ScopedCommands {
  return { scope, commands };
}

const meant = (pressed: string, all: ScopedCommands[], focus: Partial<Focus> = {}) =>
  matchKey(pressed, all, { ...NOWHERE, ...focus });

describe('a key', () => {
  const all = [
    scoped('row', command('let go', ['escape'])),
    scoped('app', command('palette', ['mod+k']), command('help', ['?']), command('go to rules', ['g r'])),
    scoped('page', command('pause', ['space']), command('back to live', ['escape'])),
  ];

  it('runs the command of the narrowest scope', () => {
    expect(meant('escape', all).command?.name).toBe('let go');
    expect(meant('escape', all.slice(1)).command?.name).toBe('back to live');
  });

  it('without a command does nothing', () => {
    expect(meant('x', all)).toEqual({ command: null, prefix: false });
  });

  it('waits for the second key of two', () => {
    expect(meant('g', all)).toEqual({ command: null, prefix: true });
    expect(meant('g r', all).command?.name).toBe('go to rules');
    expect(meant('g x', all)).toEqual({ command: null, prefix: false });
  });

  it('is text in a field, unless Ctrl or ⌘ is pressed', () => {
    expect(meant('?', all, { typing: true }).command).toBeNull();
    expect(meant('g', all, { typing: true }).prefix).toBe(false);
    expect(meant('escape', all, { typing: true }).command).toBeNull();
    expect(meant('mod+k', all, { typing: true }).command?.name).toBe('palette');
  });

  it('can run a command in a field', () => {
    const close = [scoped('page', command('close', ['escape'], { inFields: true }))];
    expect(meant('escape', close, { typing: true }).command?.name).toBe('close');
  });

  it('that buttons use belongs to the focused button', () => {
    expect(meant('space', all, { widget: true }).command).toBeNull();
    expect(meant('?', all, { widget: true }).command?.name).toBe('help');
  });

  it('runs only commands of an open dialog', () => {
    expect(meant('?', all, { dialog: true }).command).toBeNull();
    const withDialog = [...all, scoped('dialog', command('next', ['?']))];
    expect(meant('?', withDialog, { dialog: true }).command?.name).toBe('next');
  });

  it('that is held down repeats only repeatable commands', () => {
    const step = [scoped('page', command('step', ['.'], { repeat: true }), command('undo', ['u']))];
    expect(meant('.', step, { repeat: true }).command?.name).toBe('step');
    expect(meant('u', step, { repeat: true }).command).toBeNull();
  });

  it('that is a character does nothing while single-key shortcuts are off', () => {
    const off = { characterKeys: false };
    for (const key of ['?', 'space', 'g', 'g r'])
      expect(meant(key, all, off)).toEqual({ command: null, prefix: false });
    expect(meant('mod+k', all, off).command?.name).toBe('palette');
    expect(meant('escape', all, off).command?.name).toBe('let go');
  });
});

it('commands of one scope are in order, newest first', () => {
  const all = [scoped('page', command('older', ['x'])), scoped('page', command('newer', ['x']))];
  expect(inOrder(all, false).map(({ name }) => name)).toEqual(['newer', 'older']);
  expect(meant('x', all).command?.name).toBe('newer');
});
