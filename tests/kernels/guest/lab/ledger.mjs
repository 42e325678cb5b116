// @ts-check
/** Reads the output of `--print json`. */

/** @param {string} out @returns {{ records: any[], ledger: any }} `ledger`: undefined while the loader runs */
export function readOutput(out) {
  // The last line may be incomplete.
  const lines = out
    .slice(0, out.lastIndexOf('\n'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { records: lines.filter(({ ledger }) => ledger === undefined), ledger: lines.at(-1)?.ledger };
}
