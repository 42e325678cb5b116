import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultResult } from './episode.ts';
import { type Results, record, summaryOf } from './results.ts';

const fault = (kind: string, recoveryMs: number, ...violations: string[]): FaultResult => ({
  ...{ seed: 1, index: 0, kind, recoveryMs, packets: 10, violations },
});
const RUN = { seed: 1, commit: 'abc', startedAt: 0, seconds: 1 };

describe('results of faults', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'plt-results-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const kept = () => JSON.parse(readFileSync(join(directory, 'results.json'), 'utf8')) as Results;
  const keep = (results: readonly FaultResult[], run: Partial<typeof RUN> = {}) =>
    record(summaryOf(results, { ...RUN, ...run }), join(directory, 'results.json'));

  it('are kept while the run goes on, once', () => {
    const results = [fault('a', 5)];
    keep(results);
    expect(kept().total).toEqual({ faults: 1, violations: 0 });
    results.push(fault('b', 7, 'a promise'));
    expect(keep(results)).toEqual({ faults: 2, violations: 1 });
    expect(kept().runs).toHaveLength(1);
  });

  it('of several runs add up, also if these run at the same time or have the same seed', () => {
    keep([fault('a', 5)]);
    keep([fault('a', 5)], { seed: 2 });
    keep([fault('a', 5)], { startedAt: 1 });
    expect(keep([fault('a', 5), fault('a', 6)])).toEqual({ faults: 4, violations: 0 });
    expect(kept().runs).toHaveLength(3);
  });

  it('of a fault that broke a promise have no recovery time', () => {
    const { kinds } = summaryOf([fault('a', 5), fault('a', 60_000, 'did not recover')], RUN);
    expect(kinds['a']).toEqual({ faults: 2, violations: 1, recovery_ms: { median: 5, p95: 5, max: 5 } });
  });
});
