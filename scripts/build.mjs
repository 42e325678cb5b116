import { step } from './progress.mjs';
import { run } from './run.mjs';

/**
 * Builds with turbo (cached), as the calling user. Prints only progress; throws with the log of the failed task.
 * @param {readonly string[]} [only] package names; their dependencies are built too. All packages by default.
 */
export async function build(only = []) {
  await step('build', async (onLine) => {
    const filters = only.map((name) => `--filter=${name}`);
    const { code, output } = await run('turbo', ['run', 'build', '--output-logs=full', ...filters], onLine);
    if (code !== 0)
      throw new Error(
        `${output.trimEnd()}\nThe build failed: exit code ${code}. Fix the errors above, then build again.`,
      );
  });
}
