/**
 * A vitest reporter that writes how many tests passed, failed and were skipped to TEST_COUNTS_FILE, with the names of
 * those that failed and the files that took longest.
 *
 * A test that needs what `pnpm test` does not install calls `skip('optional: …')`. It is not counted as skipped; its
 * reason is in `optional`.
 *
 * @typedef {{ passed: number, failed: number, skipped: number, optional: string[], failures: string[], slowest: string[] }} Counts
 * @typedef {{ message: string }} ReportedError
 * @typedef {{ state: 'passed' | 'failed' | 'skipped' | 'pending', note?: string | undefined, errors?: readonly ReportedError[] | undefined }} TestResult
 * @typedef {{ fullName: string, result(): TestResult }} TestCase
 * @typedef {{ relativeModuleId: string, ok(): boolean, errors(): readonly ReportedError[], diagnostic(): { duration: number }, children: { allTests(): Iterable<TestCase> } }} TestModule
 */
import { writeFileSync } from 'node:fs';

const OPTIONAL = 'optional: ';
/** How many files are listed with their durations. */
const SLOWEST = 8;

/**
 * Counts as failures: errors outside tests, a file that fails without a failed test (it does not load), and a test that
 * did not finish.
 * @param {readonly TestModule[]} modules
 * @param {readonly ReportedError[]} errors
 */
export function countTests(modules, errors) {
  /** @type {Counts} */
  const counts = { passed: 0, failed: 0, skipped: 0, optional: [], failures: [], slowest: slowestOf(modules) };
  const fail = (/** @type {string} */ name, /** @type {string | undefined} */ message) => {
    counts.failed += 1;
    counts.failures.push(`${name}: ${(message ?? 'it did not finish').split('\n', 1)[0]}`);
  };
  for (const { message } of errors) fail('outside tests', message);
  for (const module of modules) {
    const failedBefore = counts.failed;
    for (const test of module.children.allTests()) {
      const { state, note, errors: causes } = test.result();
      if (state === 'skipped' && note?.startsWith(OPTIONAL)) counts.optional.push(note.slice(OPTIONAL.length));
      else if (state === 'failed' || state === 'pending')
        fail(`${module.relativeModuleId} > ${test.fullName}`, causes?.[0]?.message);
      else counts[state] += 1;
    }
    if (!module.ok() && counts.failed === failedBefore) fail(module.relativeModuleId, module.errors()[0]?.message);
  }
  return counts;
}

/** @param {readonly TestModule[]} modules */
function slowestOf(modules) {
  return modules
    .map((module) => ({ file: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST)
    .map(({ file, seconds }) => `${seconds.toFixed(1)} s ${file}`);
}

/**
 * The last line of `pnpm test`, which `countsIn` reads.
 * @param {Pick<Counts, 'passed' | 'failed' | 'skipped'>} counts
 */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

const COUNTS_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm;

/** Returns the counts of the last line of counts in an output; all 0 if there is none. @param {string} output */
export function countsIn(output) {
  const [, passed = 0, failed = 0, skipped = 0] = [...output.matchAll(COUNTS_LINE)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

// vitest loads a reporter through the default export of a file.
export default class TestCounts {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly ReportedError[]} errors
   */
  onTestRunEnd(modules, errors) {
    const file = process.env['TEST_COUNTS_FILE'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(countTests(modules, errors)));
  }
}
