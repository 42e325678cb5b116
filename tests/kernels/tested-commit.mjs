// @ts-check
/**
 * Prints the commit that a run tests, for its recorded results: the newest one of `main` in this checkout, so that it is
 * still known after a branch was rebased. `-dirty` is added if anything differs from it, except what the runs record.
 */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const RECORDED = ['tests/kernels/results.json', 'tests/kernels/verifier.json', 'docs/trust.md'];
const MAIN = ['main', 'origin/main'];

/** @param {string} directory a checkout or worktree */
export function testedCommit(directory) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const known = git('for-each-ref', '--format=%(refname:short)', ...['refs/heads/main', 'refs/remotes/origin/main']);
  const main = MAIN.find((name) => known.split('\n').includes(name));
  // A checkout without that branch, such as a clone of one commit: the commit itself.
  const commit = main === undefined ? git('rev-parse', 'HEAD') : git('merge-base', 'HEAD', main);
  const others = ['--', ':/', ...RECORDED.map((path) => `:(top,exclude)${path}`)];
  const changed = git('diff', '--name-only', commit, ...others) + git('status', '--porcelain', ...others);
  return git('rev-parse', '--short=8', commit) + (changed === '' ? '' : '-dirty');
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  console.log(testedCommit(fileURLToPath(new URL('.', import.meta.url))));
