/** Summarises a run, and keeps it in results.json. `scripts/trust.mjs` shows it in docs/trust.md. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FaultResult } from './episode.ts';

const RESULTS_FILE = fileURLToPath(new URL('./results.json', import.meta.url));

interface KindSummary {
  readonly faults: number;
  readonly violations: number;
  readonly recovery_ms: { readonly median: number; readonly p95: number; readonly max: number };
}

export interface RunSummary {
  /** When it began: with the seed, its identity. */
  readonly date: string;
  readonly commit: string;
  readonly seed: number;
  readonly faults: number;
  readonly violations: number;
  readonly seconds: number;
  readonly packets: number;
  readonly kinds: Readonly<Record<string, KindSummary>>;
}

export interface Total {
  readonly faults: number;
  readonly violations: number;
}

export interface Results {
  readonly total: Total;
  readonly runs: readonly RunSummary[];
}

/** A fault counts as one violation, however many promises it broke. */
export function summaryOf(
  results: readonly FaultResult[],
  run: { seed: number; commit: string; startedAt: number; seconds: number },
): RunSummary {
  const names = [...new Set(results.map(({ kind }) => kind))].sort();
  const kinds = names.map((name) => [name, kindSummary(results.filter(({ kind }) => kind === name))] as const);
  return {
    date: new Date(run.startedAt).toISOString(),
    commit: run.commit,
    seed: run.seed,
    faults: results.length,
    violations: broken(results),
    seconds: Math.round(run.seconds),
    packets: results.reduce((sum, { packets }) => sum + packets, 0),
    kinds: Object.fromEntries(kinds),
  };
}

function kindSummary(results: readonly FaultResult[]): KindSummary {
  const times = results
    .filter(({ violations }) => violations.length === 0)
    .map(({ recoveryMs }) => Math.round(recoveryMs))
    .sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
  return {
    faults: results.length,
    violations: broken(results),
    recovery_ms: { median: at(0.5), p95: at(0.95), max: times.at(-1) ?? 0 },
  };
}

const broken = (results: readonly FaultResult[]) => results.filter(({ violations }) => violations.length > 0).length;

export const currentCommit = (): string =>
  execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim();

function readResults(file: string): Results {
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Results)
    : { total: { faults: 0, violations: 0 }, runs: [] };
}

/**
 * Adds the run, or replaces what was kept of it before. Called after each fault, so that a run that is killed keeps its
 * results. Returns the total of all runs.
 */
export function record(summary: RunSummary, file = RESULTS_FILE): Total {
  const { date, seed } = summary;
  const others = readResults(file).runs.filter((run) => run.date !== date || run.seed !== seed);
  const runs = [...others, summary];
  const sum = (of: 'faults' | 'violations') => runs.reduce((total, run) => total + run[of], 0);
  const total = { faults: sum('faults'), violations: sum('violations') };
  writeFileSync(`${file}.new`, `${JSON.stringify({ total, runs }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
  return total;
}
