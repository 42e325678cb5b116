/**
 * The CI job (.ci/run), for a clean checkout: the README's test command, pnpm check, and other kernels in the time that is
 * left. The last line is `N passed, N failed`; the check and each kernel count as one test.
 */
import { budgetLines } from './ci/budget.mjs';
import { bootKernels } from './ci/kernels.mjs';
import { runLogged, script } from './run.mjs';
import { countsIn, countsLine } from './test-counts.mjs';

const MAX_LINE = 400;
const minutes = () => performance.now() / 60_000;

await script(async () => {
  process.env['CI'] = 'true';
  const test = await runLogged('npx', ['-y', 'pnpm@12', 'test']);
  const afterTest = minutes();
  const check = await runLogged('npx', ['-y', 'pnpm@12', 'check']);
  const afterCheck = minutes();
  const kernels = await bootKernels(minutes);

  const counts = countsIn(test.output);
  // A run that fails without a failed test (build, set-up, a skip) is a failure too.
  if (test.code !== 0 && counts.failed === 0) counts.failed = 1;
  counts.passed += kernels.passed + (check.code === 0 ? 1 : 0);
  counts.failed += kernels.failures.length + (check.code === 0 ? 0 : 1);

  const total = minutes();
  const times = { test: afterTest, check: afterCheck - afterTest, kernels: total - afterCheck, total };
  // Much was printed since the tests failed.
  const failures = test.output.split('\n').filter((line) => line.startsWith('failed: '));
  for (const line of [...failures, ...kernels.failures]) console.log(line.slice(0, MAX_LINE));
  for (const line of [...budgetLines(times), ...kernels.omitted, countsLine(counts)]) console.log(line);
  return counts.failed === 0 ? 0 : 1;
});
