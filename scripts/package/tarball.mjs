import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../run.mjs';

/**
 * Builds a .tar.gz of a staged directory with its install script, for distributions without dpkg. Equal contents and
 * epoch make equal bytes.
 * @param {object} options
 * @param {string} options.directory staged
 * @param {string} options.file to write
 * @param {string} options.top name of the directory in the archive
 * @param {number} options.epoch seconds since 1970; all files get this time
 */
export async function buildTarball({ directory, file, top, epoch }) {
  cpSync(join(ROOT, 'deploy/install.sh'), join(directory, 'install.sh'));
  cpSync(join(ROOT, 'deploy/debian'), join(directory, 'maintainer'), { recursive: true });
  // The flag S: the targets of symbolic links stay as they are.
  const { code, output } = await run('sh', [
    '-c',
    'tar --sort=name --mtime="@$1" --owner=0 --group=0 --numeric-owner --transform="s,^\\.,$2,S" -C "$3" -cf - . | gzip -6n >"$4"',
    ...['sh', String(epoch), top, directory, file],
  ]);
  if (code !== 0) throw new Error(`${output.trimEnd()}\ntar failed (exit code ${code}).`);
}
