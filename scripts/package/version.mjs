import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../run.mjs';

/**
 * Version and time stamp of a package. Both depend on the commit alone, so that two builds of a commit are equal.
 * @typedef {{ version: string, epoch: number }} Release version: semantic; epoch: seconds since 1970, of the commit
 */

/**
 * Returns the version in package.json for a commit that has the tag `vVERSION`. For any other commit, the number of
 * commits and the hash follow: `0.1.0+git812.67235e1` is later than `0.1.0+git811.…` for dpkg, and later than `0.1.0`.
 * Without git, as in an unpacked archive, SOURCE_DATE_EPOCH must be set. Throws if both are missing.
 * @param {string | undefined} sourceDateEpoch
 * @returns {Promise<Release>}
 */
export async function releaseOf(sourceDateEpoch) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/loader/package.json'), 'utf8'));
  const commit = await run('git', ['log', '-1', '--format=%h %ct']);
  if (commit.code !== 0) {
    if (sourceDateEpoch === undefined) {
      throw new Error(
        'pnpm package: this is not a git checkout. Set SOURCE_DATE_EPOCH to the time of the release in seconds.',
      );
    }
    return { version, epoch: Number(sourceDateEpoch) };
  }
  const [hash, time] = commit.output.trim().split(' ');
  const epoch = Number(sourceDateEpoch ?? time);
  const tag = await run('git', ['tag', '--points-at', 'HEAD']);
  if (tag.output.split('\n').includes(`v${version}`)) return { version, epoch };
  const count = await run('git', ['rev-list', '--count', 'HEAD']);
  return { version: `${version}+git${count.output.trim()}.${hash}`, epoch };
}
