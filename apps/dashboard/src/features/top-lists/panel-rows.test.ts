import { expect, it } from 'vitest';
import { type PanelRows, panelRows } from './panel-rows.ts';

const NONE = { denied: 0, fresh: 0, protocols: 5 };
const ONE = { columns: 1, estimated: false } as const;

/** Returns the height of the lists, one below the other, px. */
function taken({ denied, fresh, protocols, sources, ports, pairs }: PanelRows): number {
  const lists = [denied, fresh, protocols, sources, ports, pairs].filter((rows) => rows > 0);
  return lists.reduce((sum, rows) => sum + 43 + rows * 24, 0);
}

it.each([520, 563, 640, 700, 900, 1200, 2000])(
  'the rows shown in %d px are not cut, and leave little room',
  (height) => {
    for (const entries of [NONE, { denied: 3, fresh: 0, protocols: 2 }, { denied: 5, fresh: 9, protocols: 6 }]) {
      const rows = panelRows(height, entries, ONE);
      if (rows.sources > 2) expect(taken(rows)).toBeLessThanOrEqual(height);
      if (rows.sources > 2 && rows.pairs < 10) expect(height - taken(rows)).toBeLessThan(24);
    }
  },
);

it('shows at least two rows of each ranked list, and hides new sources to make room', () => {
  const entries = { denied: 0, fresh: 9, protocols: 5 };
  expect(panelRows(400, entries, ONE)).toEqual({ denied: 0, fresh: 0, protocols: 5, sources: 2, ports: 2, pairs: 2 });
  expect(panelRows(800, entries, ONE)).toMatchObject({ fresh: 4 });
});

it('shows more rows in two columns, and fewer with the note about estimates', () => {
  const one = panelRows(640, NONE, ONE);
  const two = panelRows(640, NONE, { columns: 2, estimated: false });
  expect(two.pairs).toBeGreaterThan(one.pairs);
  expect(two.sources).toBe(two.ports);
  expect(panelRows(640, NONE, { columns: 1, estimated: true }).sources).toBeLessThan(one.sources);
});
