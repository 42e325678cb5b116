// @ts-check
/**
 * Evaluates the results of the cases on each kernel: `main.mjs [--cases NAME,…] FILE…` prints a table of promises and
 * kernels, the problems, and for each file `passed: Linux NAME (KERNEL)` or `failed: …`, where its name is `NAME.result`. Exit
 * code 1 if there are problems; a promise without a check is one. `--record`: also writes them to results.json, as those of
 * `--commit` and the XDP object `--object`, and the verifier's costs to verifier.json.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { recordCosts, recordResult } from './record.mjs';
import { readRun } from './run.mjs';
import { verdictOf } from './verdict.mjs';

/** @param {readonly string[][]} rows */
function printTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

const { values, positionals } = parseArgs({
  options: {
    cases: { type: 'string', default: '' },
    record: { type: 'boolean', default: false },
    commit: { type: 'string', default: '' },
    object: { type: 'string', default: '' },
  },
  allowPositionals: true,
});
const runs = positionals.map((file) => readRun(readFileSync(file, 'utf8')));
// First: the table shows them.
if (values.record) for (const run of runs) recordCosts(run);
/** Problems by run, and what packetlog printed in cases with problems. */
const wrong = new Map(runs.map((run) => [run, /** @type {string[]} */ (run.ended ? [] : ['did not finish'])]));
const rows = [
  ['', ...runs.map(({ kernel }) => kernel)],
  ['kernel BTF', ...runs.map(({ btf }) => (btf ? 'yes' : 'no'))],
];
for (const name of values.cases.split(',')) {
  /** @type {Map<import('./run.mjs').Run, Record<string, string>>} */
  const cells = new Map(runs.map((run) => [run, {}]));
  const { promises } = /** @type {{ promises: string[] }} */ (await import(`../guest/cases/${name}.mjs`));
  for (const promise of promises) {
    const verdicts = runs.map((run) => ({ run, ...verdictOf(run, name, promise) }));
    rows.push([`${name}: ${promise}`, ...verdicts.map(({ cell }) => cell)]);
    for (const { run, cell, problems } of verdicts) {
      Object.assign(cells.get(run) ?? {}, { [promise]: cell });
      wrong.get(run)?.push(...problems.map((problem) => `${name}: ${promise}: ${problem}`));
    }
  }
  rows.push([`${name}: seconds`, ...runs.map((run) => String(run.cases.get(name)?.seconds ?? ''))]);
  if (values.record)
    for (const [run, each] of cells) recordResult(run, name, each, { commit: values.commit, object: values.object });
  for (const run of runs) {
    const seen = run.cases.get(name);
    const problems = wrong.get(run) ?? [];
    for (const error of seen?.errors ?? []) problems.push(`${name}: ${error}`);
    if (problems.some((each) => each.startsWith(`${name}: `))) {
      problems.push(...(seen?.notes ?? []).map((line) => `    ${line}`));
    }
  }
}
printTable(rows);
console.log('');
for (const [i, run] of runs.entries()) {
  const problems = wrong.get(run) ?? [];
  for (const problem of problems) console.log(problem.startsWith(' ') ? problem : `${run.kernel}, ${problem}`);
  const name = `Linux ${basename(positionals[i] ?? '', '.result')} (${run.kernel})`;
  console.log(problems.length === 0 ? `passed: ${name}` : `failed: ${name}: ${problems[0]?.split('\n', 1)[0]}`);
}
process.exitCode = [...wrong.values()].some((problems) => problems.length > 0) ? 1 : 0;
