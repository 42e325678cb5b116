// @ts-check
/** Writes what was measured and proven to verifier.json and results.json: by kernel and case, replacing earlier entries. */
import { readFileSync, writeFileSync } from 'node:fs';
import { versionOf } from './run.mjs';
import { COSTS_FILE, recordedCosts } from './verifier.mjs';

/** @typedef {import('./run.mjs').Run} Run */
/**
 * A case on a kernel: what was tested, when, and the promises with what the table says of them.
 * @typedef {{ kernel: string, commit: string, object: string, date: string, seconds: number, promises: Record<string, string> }} Result
 */

const RESULTS_FILE = new URL('../results.json', import.meta.url);

/** @param {Run} run */
export function recordCosts(run) {
  const facts = run.cases.get('verifier')?.facts[0]?.facts;
  if (facts === undefined) return;
  const costs = recordedCosts();
  costs[versionOf(run.kernel)] = facts['programs'];
  write(COSTS_FILE, costs);
}

/**
 * @param {Run} run @param {string} name of the case
 * @param {Record<string, string>} promises what the table says of each
 * @param {{ commit: string, object: string }} tested
 */
export function recordResult(run, name, promises, tested) {
  const seen = run.cases.get(name);
  // Not one that did not finish.
  if (seen?.seconds === undefined || seen.guestOnly) return;
  const results = /** @type {Record<string, Record<string, Result>>} */ (
    JSON.parse(readFileSync(RESULTS_FILE, 'utf8'))
  );
  const version = versionOf(run.kernel);
  results[version] ??= {};
  results[version][name] = {
    kernel: run.kernel,
    ...tested,
    date: new Date().toISOString().slice(0, 10),
    seconds: seen.seconds,
    promises,
  };
  write(RESULTS_FILE, results);
}

/** Sorts by version, so that the order does not depend on the order of the runs. @param {URL} file @param {Record<string, unknown>} object */
function write(file, object) {
  const sorted = Object.entries(object).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}
