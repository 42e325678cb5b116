import { expect, it, vi } from 'vitest';
import { RowDemand } from './row-demand.ts';

it('requests the highest limit, and calls each part back when its limit is in effect', () => {
  const want = vi.fn();
  const demand = new RowDemand(want);
  const passing: string[] = [];
  demand.set('clients', 100, () => passing.push('clients 100'));
  demand.set('dryRuns', Number.POSITIVE_INFINITY, () => passing.push('dry run'));
  demand.set('clients', 50, () => passing.push('clients 50'));
  demand.set('dryRuns', 0, () => passing.push('dry run over'));
  expect(want.mock.calls.flat()).toEqual([100, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 50]);
  expect(passing).toEqual([]);
  demand.answered();
  demand.answered();
  expect(passing).toEqual(['clients 100', 'dry run']);
});

it('answers at once where every row passes anyway', () => {
  const passing = vi.fn();
  new RowDemand(undefined).set('clients', 5, passing);
  expect(passing).toHaveBeenCalledOnce();
});
