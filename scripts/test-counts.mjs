/**
 * A vitest reporter that writes how many tests passed, failed and were skipped to TEST_COUNTS_FILE.
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ result(): { state: 'passed' | 'failed' | 'skipped' | 'pending' } }} TestCase
 * @typedef {{ ok(): boolean, children: { allTests(): Iterable<TestCase> } }} TestModule
 */
import { writeFileSync } from 'node:fs';

/**
 * Counts as failures: errors outside tests, a file that fails without a failed test (it does not load), and a test that
 * did not finish.
 * @param {readonly TestModule[]} modules
 * @param {readonly unknown[]} errors
 */
export function countTests(modules, errors) {
  /** @type {Counts} */
  const counts = { passed: 0, failed: errors.length, skipped: 0 };
  for (const module of modules) {
    const failedBefore = counts.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === 'pending' ? 'failed' : state] += 1;
    }
    if (!module.ok() && counts.failed === failedBefore) counts.failed += 1;
  }
  return counts;
}

/** @param {Counts} counts */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

// vitest loads a reporter through the default export of a file.
export default class TestCounts {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(modules, errors) {
    const file = process.env['TEST_COUNTS_FILE'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(countTests(modules, errors)));
  }
}
