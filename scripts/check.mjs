/** pnpm check: lint, format, types, dead code, generated files, documents. Runs every step, even if one fails. */
import { build } from './build.mjs';
import { checkSteps } from './check/steps.mjs';
import { seconds, tell } from './progress.mjs';
import { run, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'check']);
  // Packages see each other's types through the built declarations.
  await build();

  let failures = 0;
  for (const { name, command, args, remedy } of checkSteps(await cSources())) {
    const since = performance.now();
    const { code, output } = await run(command, args);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds(since)})`);
    if (code !== 0) {
      failures += 1;
      console.log(`\n${output.trimEnd()}\n\n-> ${remedy}\n`);
    }
  }
  tell(failures === 0 ? 'check: no problems.' : `check failed: see the ${failures} failed steps above.`);
  return failures === 0 ? 0 : 1;
});

/** Returns the C sources that git tracks or would add; ignored folders contain generated ones. */
async function cSources() {
  const { code, output } = await run('git', [
    'ls-files',
    '--cached',
    '--others',
    '--exclude-standard',
    '--deduplicate',
    'packages/bpf/src/*.c',
    'packages/bpf/src/*.h',
    'bench/*.c',
    'bench/*.h',
    'tests/*.c',
  ]);
  if (code !== 0) throw new Error(`git ls-files: ${output}`);
  return output.split('\n').filter((path) => path !== '');
}
