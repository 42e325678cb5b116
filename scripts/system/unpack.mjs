import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../run.mjs';
import { aptRemedy } from './apt.mjs';

/** Root directory of the unpacked packages. tests/lab/program.ts looks there, too. */
export const UNPACKED = join(ROOT, 'node_modules/.cache/packetlog-programs');

/**
 * Downloads packages and unpacks them below `UNPACKED`. Nothing is installed, so no service is started or enabled; root
 * is needed only if the package lists must be updated first. Throws an Error with the output of the command that failed.
 * @param {readonly string[]} names
 * @param {(line: string) => void} onLine
 */
export async function unpack(names, onLine) {
  mkdirSync(UNPACKED, { recursive: true });
  const downloads = mkdtempSync(join(UNPACKED, 'download-'));
  try {
    const download = ['-c', `cd "$0" && apt-get -q download "$@"`, downloads, ...names];
    let downloaded = await run('sh', download, onLine);
    if (downloaded.code !== 0) {
      await run('scripts/as-root.sh', ['apt-get', '-q', 'update'], onLine);
      downloaded = await run('sh', download, onLine);
    }
    if (downloaded.code !== 0) {
      throw new Error(
        `${downloaded.output.trimEnd()}\napt-get download ${names.join(' ')} failed.\n${aptRemedy(downloaded.output)}`,
      );
    }
    for (const file of readdirSync(downloads)) {
      const { code, output } = await run('dpkg-deb', ['-x', join(downloads, file), UNPACKED], onLine);
      if (code !== 0) throw new Error(`${output.trimEnd()}\ndpkg-deb -x ${file} failed: exit code ${code}.`);
    }
  } finally {
    rmSync(downloads, { recursive: true });
  }
}
