import { describe, expect, it } from 'vitest';
import { keyAction } from './key-action.ts';

describe('keyAction', () => {
  const idle = { options: 0, chosen: false, parses: true, open: false };
  it.each([
    ['Enter', idle, 'apply'],
    ['Enter', { ...idle, parses: false }, 'close'],
    ['Enter', { ...idle, options: 3, chosen: true, open: true }, 'take'],
    ['Tab', { ...idle, options: 3, chosen: true, open: true }, 'take'],
    ['Tab', { ...idle, options: 3, open: true }, null],
    ['ArrowDown', { ...idle, options: 3, open: true }, 'next'],
    ['ArrowUp', { ...idle, options: 3, open: true }, 'previous'],
    ['ArrowDown', idle, null],
    ['Escape', { ...idle, options: 3, open: true }, 'close'],
    ['Escape', idle, 'leave'],
    ['x', idle, null],
  ])('%s with %j: %s', (key, state, action) => {
    expect(keyAction(key, state)).toBe(action);
  });
});
