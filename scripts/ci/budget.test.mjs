import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../run.mjs';
import { BUDGET, budgetLines, failedKernels, KERNELS, nextRound, notBooted, rotated } from './budget.mjs';

const DAY_MS = 86_400_000;

describe('the budget of the CI job', () => {
  it('has room for all commands, and ends before the job is ended', () => {
    expect(BUDGET.test + BUDGET.check + BUDGET.kernels).toBeLessThanOrEqual(BUDGET.total);
    expect(BUDGET.total).toBeLessThan(25);
  });

  it('is the one in docs/decisions/tests.md', () => {
    const document = readFileSync(join(ROOT, 'docs/decisions/tests.md'), 'utf8');
    const budgetOf = (/** @type {string} */ command) =>
      Number(new RegExp(`^\\| \`pnpm ${command}\` \\|.*\\| (\\d+) min`, 'm').exec(document)?.[1]);
    const { test, check, kernels, total } = BUDGET;
    expect(['test', 'check', 'test:kernels --cases brief'].map(budgetOf)).toEqual([test, check, kernels]);
    expect(document).toContain(`${total} minutes in all`);
    expect(readFileSync(join(ROOT, 'docs/trust.md'), 'utf8')).toContain(`its ${total} minutes`);
  });

  it('is told with what each command took', () => {
    const { total } = BUDGET;
    expect(budgetLines({ test: 12.34, check: BUDGET.check + 0.5, kernels: BUDGET.kernels, total })).toEqual([
      `time: test took 12.3 min of ${BUDGET.test}`,
      `time: check took ${BUDGET.check + 0.5} min of ${BUDGET.check}, over its budget`,
      `time: kernels took ${BUDGET.kernels}.0 min of ${BUDGET.kernels}`,
      `time: total took ${total}.0 min of ${total}`,
    ]);
  });
});

describe('the kernels that are booted', () => {
  /** Boots rounds of so many seconds, until no other one fits. @param {number} minutesLeft @param {number} roundSeconds */
  const roundsOf = (minutesLeft, roundSeconds) => {
    const rounds = [];
    let [left, waiting, last] = [minutesLeft * 60, KERNELS, undefined];
    for (;;) {
      const round = nextRound(waiting, left, last);
      if (round.length === 0) return rounds;
      rounds.push(round);
      waiting = waiting.slice(round.length);
      left -= roundSeconds;
      last = { kernels: round.length, seconds: roundSeconds };
    }
  };

  it.each([
    [
      'all, two at the same time',
      10,
      100,
      [
        ['5.10', '6.1'],
        ['6.12', 'current'],
      ],
    ],
    [
      'all in exactly the time that they need',
      5,
      120,
      [
        ['5.10', '6.1'],
        ['6.12', 'current'],
      ],
    ],
    ['two, if they took too long for two more', 4, 110, [['5.10', '6.1']]],
    ['one, if there is little time', 2, 90, [['5.10']]],
    ['one after the other, if they are quick', 2.9, 40, [['5.10'], ['6.1'], ['6.12']]],
    ['one, if there is hardly any time', 0.1, 60, [['5.10']]],
    ['none, if there is no time', 0, 60, []],
  ])('are %s', (_, minutesLeft, roundSeconds, rounds) => {
    expect(roundsOf(minutesLeft, roundSeconds)).toEqual(rounds);
  });

  it('begin with another one each day', () => {
    const days = KERNELS.map((_, day) => rotated(KERNELS, (20_000 + day) * DAY_MS));
    expect(days.map(([first]) => first).sort()).toEqual([...KERNELS].sort());
    for (const day of days) expect([...day].sort()).toEqual([...KERNELS].sort());
    expect(rotated(KERNELS, 20_000 * DAY_MS + DAY_MS - 1)).toEqual(days[0]);
  });

  it('are named if they are not booted', () => {
    expect(notBooted(['6.12', 'current'], 18.04)).toEqual([
      `not booted in this run: 6.12, current (18.0 min used of ${BUDGET.total})`,
    ]);
    expect(notBooted([], 18)).toEqual([]);
  });
});

describe('a booted kernel', () => {
  const failed = 'failed: Linux 6.1 (6.1.0-50-cloud-amd64): brief: deny a source: from the denied source: 8, not 0';
  const missing = (/** @type {string} */ kernel) =>
    `failed: Linux ${kernel} has no result: see the output of its run above`;

  it.each([
    ['passed', 'x\npassed: Linux 6.1 (6.1.0-50-cloud-amd64)\n', []],
    ['failed, and is named with the reason', `${failed}\n`, [failed]],
    ['failed if it has no result', 'prove.sh: no cloud kernel 6.1 in: bookworm\n', [missing('6.1')]],
    ['is not mistaken for another one', 'passed: Linux 6.12 (6.12.1)\n', [missing('6.1')]],
  ])('%s', (_, output, failures) => {
    expect(failedKernels(['6.1'], output)).toEqual(failures);
  });

  it('counts besides another one', () => {
    expect(failedKernels(['6.1', '5.10'], `${failed}\npassed: Linux 5.10 (5.10.0)\n`)).toEqual([failed]);
    expect(failedKernels(['6.1', '5.10'], '')).toEqual([missing('6.1'), missing('5.10')]);
  });
});
