import { describe, expect, it } from 'vitest';
import { indexesOf, rowWindow } from './row-window.ts';

describe('the rows to draw of a long list', () => {
  it.each([
    ['at the top', 0, 20, 5000, { from: 0, to: 24 }],
    ['in the middle', 1000, 20, 5000, { from: 996, to: 1024 }],
    ['at the end', 4980, 20, 5000, { from: 4976, to: 5000 }],
    ['of a list that became shorter', 4980, 20, 100, { from: 76, to: 100 }],
    ['of a list that fits', 0, 20, 3, { from: 0, to: 3 }],
    ['of nothing', 7, 20, 0, { from: 0, to: 0 }],
  ])('are the visible ones and a few more: %s', (_, first, rows, count, window) => {
    expect(rowWindow(first, rows, count)).toEqual(window);
    expect(indexesOf(window)).toHaveLength(window.to - window.from);
  });
});
