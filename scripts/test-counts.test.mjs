import { describe, expect, it } from 'vitest';
import { countsIn, countsLine, countTests } from './test-counts.mjs';

/** @typedef {import('./test-counts.mjs').TestResult} TestResult */

/**
 * @param {boolean} ok
 * @param {...(TestResult | TestResult['state'])} results
 */
function file(ok, ...results) {
  const tests = results.map((result) => ({
    fullName: 'sums > add up',
    result: () => (typeof result === 'string' ? { state: result } : result),
  }));
  return {
    relativeModuleId: 'tests/sums.test.ts',
    ok: () => ok,
    errors: () => [{ message: 'it does not load' }],
    diagnostic: () => ({ duration: 1500 }),
    children: { allTests: () => tests },
  };
}

describe('the closing line', () => {
  it('counts passed, failed and skipped tests', () => {
    const counts = countTests([file(true, 'passed', 'passed', 'skipped'), file(false, 'failed', 'passed')], []);
    expect(countsLine(counts)).toBe('3 passed, 1 failed, 1 skipped');
  });

  it.each([
    ['the last one', '1 passed, 1 failed\n2 passed, 0 failed\n', { passed: 2, failed: 0, skipped: 0 }],
    ['with skipped tests', 'x\n2 passed, 1 failed, 3 skipped\ny', { passed: 2, failed: 1, skipped: 3 }],
    ['none', 'Tests 3 passed, 0 failed', { passed: 0, failed: 0, skipped: 0 }],
  ])('is read from an output: %s', (_, output, counts) => {
    expect(countsIn(output)).toEqual(counts);
  });

  it('omits the skipped tests if there are none', () => {
    expect(countsLine(countTests([file(true, 'passed')], []))).toBe('1 passed, 0 failed');
  });

  it('counts a test that needs something optional apart, with its reason', () => {
    const skipped = (/** @type {string} */ note) => ({ state: /** @type {const} */ ('skipped'), note });
    const results = [skipped('optional: chDB is not installed'), skipped('no reason of this kind')];
    const counts = countTests([file(true, ...results)], []);
    expect(counts.optional).toEqual(['chDB is not installed']);
    expect(countsLine(counts)).toBe('0 passed, 0 failed, 1 skipped');
  });

  it('counts a file that does not load as a failure', () => {
    expect(countsLine(countTests([file(false)], []))).toBe('0 passed, 1 failed');
  });

  it('counts a failing hook around tests that passed as a failure', () => {
    expect(countsLine(countTests([file(false, 'passed')], []))).toBe('1 passed, 1 failed');
  });

  it('counts an error outside tests, and a test that did not finish, as failures', () => {
    expect(countsLine(countTests([file(true, 'pending')], [new Error('late')]))).toBe('0 passed, 2 failed');
  });
});

describe('the lines before it', () => {
  it('name each failed test with the first line of its first error', () => {
    const failed = { state: /** @type {const} */ ('failed'), errors: [{ message: 'expected 1 to be 2\n  diff' }] };
    const counts = countTests([file(false, 'passed', failed, 'pending'), file(false)], [new Error('late')]);
    expect(counts.failures).toEqual([
      'outside tests: late',
      'tests/sums.test.ts > sums > add up: expected 1 to be 2',
      'tests/sums.test.ts > sums > add up: it did not finish',
      'tests/sums.test.ts: it does not load',
    ]);
  });

  it('name the files that took longest', () => {
    expect(countTests([file(true, 'passed')], []).slowest).toEqual(['1.5 s tests/sums.test.ts']);
  });
});
