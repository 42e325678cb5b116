/**
 * pnpm test [vitest arguments]: runs all tests as root, on this kernel and in a real browser. `--coverage` also reports
 * how much of the source they run; it takes half as much CPU time again in the unit tests.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { tell } from './progress.mjs';
import { commandArguments, ROOT, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';
import { countsLine } from './test-counts.mjs';

/** Files that vitest writes as root; the user becomes their owner. */
const WRITTEN = ['coverage', 'node_modules/.vite', 'tests/artifacts'];

await script(async () => {
  const args = commandArguments(process.argv);
  const isWhole = args.every((arg) => arg === '--coverage');
  await ensureSystemPackages(['build', 'run', 'test']);
  await build();

  const isRoot = process.getuid?.() === 0;
  if (!isRoot) tell('running the tests through sudo: they create network namespaces and load BPF programs.');
  // The user owns the directory, so the user can remove what root writes there.
  const scratch = mkdtempSync(join(tmpdir(), 'packetlog-test-'));
  const countsFile = join(scratch, 'counts.json');
  const vitest = [RUNTIME, 'tests/node_modules/vitest/vitest.mjs', 'run', `--root=${ROOT}`];
  const settings = ['env', 'REQUIRE_ROOT=1', `TEST_COUNTS_FILE=${countsFile}`];
  try {
    const code = await runHere('scripts/as-root.sh', [...settings, ...vitest, ...args]);
    if (!isRoot) await restoreOwner();
    const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : null;
    if (counts === null) {
      tell(`the tests did not run: vitest ended with exit code ${code}. See its output above.`);
      console.log(countsLine({ passed: 0, failed: 1, skipped: 0 }));
      return 1;
    }
    for (const reason of new Set(counts.optional)) tell(`not run: ${reason}`);
    if (isWhole) tell(`slowest: ${counts.slowest.join(', ')}`);
    for (const failure of counts.failures) console.log(`failed: ${failure}`);
    if (counts.skipped > 0)
      tell('skipped tests count as failures: this run is root and has everything that the tests need.');
    console.log(countsLine(counts));
    return code !== 0 || counts.failed > 0 || (isWhole && counts.skipped > 0) ? code || 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

async function restoreOwner() {
  const owner = `${process.getuid?.()}:${process.getgid?.()}`;
  const written = WRITTEN.filter((path) => existsSync(path));
  if (written.length > 0) await runHere('sudo', ['chown', '-R', owner, ...written]);
}
