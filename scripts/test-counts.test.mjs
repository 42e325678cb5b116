import { describe, expect, it } from 'vitest';
import { countsLine, countTests } from './test-counts.mjs';

/**
 * @param {boolean} ok
 * @param {...('passed' | 'failed' | 'skipped' | 'pending')} states
 */
function file(ok, ...states) {
  return { ok: () => ok, children: { allTests: () => states.map((state) => ({ result: () => ({ state }) })) } };
}

describe('the closing line', () => {
  it('counts passed, failed and skipped tests', () => {
    const counts = countTests([file(true, 'passed', 'passed', 'skipped'), file(false, 'failed', 'passed')], []);
    expect(countsLine(counts)).toBe('3 passed, 1 failed, 1 skipped');
  });

  it('omits the skipped tests if there are none', () => {
    expect(countsLine(countTests([file(true, 'passed')], []))).toBe('1 passed, 0 failed');
  });

  it('counts a test that needs something optional apart, with its reason', () => {
    const skipped = (/** @type {string} */ note) => ({
      result: () => ({ state: /** @type {const} */ ('skipped'), note }),
    });
    const tests = [skipped('optional: chDB is not installed'), skipped('no reason of this kind')];
    const counts = countTests([{ ok: () => true, children: { allTests: () => tests } }], []);
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
