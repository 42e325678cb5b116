/**
 * Adds the results of a run to those of the runs before.
 *
 * @typedef {{ target: string, inputs: number, seconds: number, findings: readonly { kind: string, message: string }[] }} Result
 * @typedef {{ date: string, commit: string }} Made
 * @typedef {Made & Omit<Result, 'target'>} Recorded
 */

/**
 * Inputs and seconds of a target are sums over all runs; everything else is that of its last run. Targets that did not
 * run stay as they are.
 * @param {Readonly<Record<string, Recorded>>} before
 * @param {readonly Result[]} results
 * @param {Made} made
 * @returns {Record<string, Recorded>}
 */
export function accumulated(before, results, made) {
  const all = { ...before };
  for (const { target, ...rest } of results) {
    const { inputs = 0, seconds = 0 } = all[target] ?? {};
    const sum = Math.round((seconds + rest.seconds) * 10) / 10;
    all[target] = { ...made, ...rest, inputs: inputs + rest.inputs, seconds: sum };
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
