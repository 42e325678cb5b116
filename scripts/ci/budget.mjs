/** What each command of the CI job (.ci/run) may take, and which kernels fit into the time that is left. */

/** Minutes on two CPUs. The job is ended after 25, so it ends by itself after `total`. */
export const BUDGET = { test: 20, check: 1, kernels: 3, total: 24 };

/** Arguments of tests/kernels/prove.sh. */
export const KERNELS = ['5.10', '6.1', '6.12', 'current'];

/** Kernels that run at the same time. */
const AT_ONCE = 2;
/** Seconds of the first round on two idle CPUs, with the download of QEMU and two kernels. */
const FIRST_ROUND_S = 120;
/** A round begins only if this many times its expected time is left. */
const MARGIN = 1.5;
const DAY_MS = 86_400_000;

/** @typedef {{ kernels: number, seconds: number }} Round how many kernels ran at the same time, and for how long */

/** Returns the list, beginning with another entry each day (UTC). @template T @param {readonly T[]} list @param {number} nowMs */
export function rotated(list, nowMs) {
  const first = Math.floor(nowMs / DAY_MS) % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

/**
 * Returns the kernels to boot next: two, or one if the first round has little time. Returns none if another round like the
 * last one may not fit.
 * @param {readonly string[]} waiting @param {number} secondsLeft @param {Round} [last]
 */
export function nextRound(waiting, secondsLeft, last) {
  const { kernels, seconds } = last ?? { kernels: AT_ONCE, seconds: FIRST_ROUND_S };
  if (secondsLeft >= MARGIN * seconds) return waiting.slice(0, kernels);
  return last === undefined && secondsLeft > 0 ? waiting.slice(0, 1) : [];
}

/**
 * Returns which of these kernels failed, with the reason, from the output of prove.sh: one without a result failed.
 * @param {readonly string[]} kernels @param {string} output
 */
export function failedKernels(kernels, output) {
  const lines = output.split('\n');
  return kernels.flatMap((kernel) => {
    const isOf = (/** @type {string} */ result) => (/** @type {string} */ line) =>
      line.startsWith(`${result}: Linux ${kernel} `);
    const failed = lines.find(isOf('failed'));
    if (failed !== undefined) return [failed];
    return lines.some(isOf('passed')) ? [] : [`failed: Linux ${kernel} has no result: see the output of its run above`];
  });
}

/** @param {readonly string[]} waiting kernels that were not booted @param {number} usedMinutes */
export function notBooted(waiting, usedMinutes) {
  return waiting.length === 0
    ? []
    : [`not booted in this run: ${waiting.join(', ')} (${usedMinutes.toFixed(1)} min used of ${BUDGET.total})`];
}

/** @param {Record<keyof typeof BUDGET, number>} minutes what the commands took */
export function budgetLines(minutes) {
  return /** @type {(keyof typeof BUDGET)[]} */ (Object.keys(BUDGET)).map((name) => {
    const over = minutes[name] > BUDGET[name] ? ', over its budget' : '';
    return `time: ${name} took ${minutes[name].toFixed(1)} min of ${BUDGET[name]}${over}`;
  });
}
