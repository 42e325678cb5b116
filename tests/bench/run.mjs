/** `pnpm bench`: measures, prints a table and writes bench/results.json. Needs root. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @param {string} path relative to this file */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [here('../node_modules/vitest/vitest.mjs'), 'run', '--config', here('./vitest.config.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit', cwd: here('../..') },
);
process.exitCode = status ?? 1;
