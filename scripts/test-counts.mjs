/**
 * A vitest reporter that writes how many tests passed, failed and were skipped to TEST_COUNTS_FILE.
 *
 * A test that needs what `pnpm test` does not install calls `skip('optional: …')`. It is not counted as skipped; its
 * reason is in `optional`.
 *
 * @typedef {{ passed: number, failed: number, skipped: number, optional: string[] }} Counts
 * @typedef {{ state: 'passed' | 'failed' | 'skipped' | 'pending', note?: string | undefined }} TestResult
 * @typedef {{ result(): TestResult }} TestCase
 * @typedef {{ ok(): boolean, children: { allTests(): Iterable<TestCase> } }} TestModule
 */
import { writeFileSync } from 'node:fs';

const OPTIONAL = 'optional: ';

/**
 * Counts as failures: errors outside tests, a file that fails without a failed test (it does not load), and a test that
 * did not finish.
 * @param {readonly TestModule[]} modules
 * @param {readonly unknown[]} errors
 */
export function countTests(modules, errors) {
  /** @type {Counts} */
  const counts = { passed: 0, failed: errors.length, skipped: 0, optional: [] };
  for (const module of modules) {
    const failedBefore = counts.failed;
    for (const test of module.children.allTests()) {
      const { state, note } = test.result();
      if (state === 'skipped' && note?.startsWith(OPTIONAL)) counts.optional.push(note.slice(OPTIONAL.length));
      else counts[state === 'pending' ? 'failed' : state] += 1;
    }
    if (!module.ok() && counts.failed === failedBefore) counts.failed += 1;
  }
  return counts;
}

/**
 * The last line of `pnpm test`, which .ci/run reads.
 * @param {Pick<Counts, 'passed' | 'failed' | 'skipped'>} counts
 */
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
