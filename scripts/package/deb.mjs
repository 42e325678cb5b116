import { createHash } from 'node:crypto';
import { cpSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../run.mjs';
import { filesBelow } from './staging.mjs';

/** @typedef {import('./staging.mjs').Architecture} Architecture */

const DESCRIPTION = `packets at XDP: a live view in the browser, permit and deny
 PacketLog shows every packet that reaches this machine at XDP, the earliest point
 where software can see it, live in a browser and on the console. Rules permit and
 deny packets there. It counts exactly what it could not show.
 .
 Installing starts nothing: systemctl enable --now packetlog.`;

/**
 * Returns the control file, deb-control(5).
 * @param {{ version: string, architecture: Architecture, kibibytes: number }} options
 */
export function controlFile({ version, architecture, kibibytes }) {
  return `Package: packetlog
Version: ${version}
Architecture: ${architecture}
Maintainer: PacketLog developers <packetlog@localhost>
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1, libatomic1, libbpf1 (>= 1:1.1)
Recommends: iproute2
Section: net
Priority: optional
Description: ${DESCRIPTION}
`;
}

/**
 * Builds a .deb from a staged directory. Equal contents and epoch make equal bytes. Compressed with zstd, which every
 * distribution that has libbpf 1.1 can unpack.
 * @param {object} options
 * @param {string} options.directory staged
 * @param {string} options.file to write
 * @param {string} options.version
 * @param {Architecture} options.architecture
 * @param {number} options.epoch seconds since 1970; all files get this time
 */
export async function buildDeb({ directory, file, version, architecture, epoch }) {
  const control = join(directory, 'DEBIAN');
  const files = filesBelow(directory);
  const bytes = files.reduce((sum, path) => sum + lstatSync(join(directory, path)).size, 0);
  const sums = files
    .filter((path) => lstatSync(join(directory, path)).isFile())
    .map((path) => `${md5(join(directory, path))}  ${path}\n`);
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile({ version, architecture, kibibytes: Math.ceil(bytes / 1024) }));
  const settings = files.filter((path) => path.startsWith('etc/')).map((path) => `/${path}\n`);
  writeFileSync(join(control, 'conffiles'), settings.join(''));
  writeFileSync(join(control, 'md5sums'), sums.join(''));
  for (const name of ['postinst', 'prerm', 'postrm']) {
    cpSync(join(ROOT, 'deploy/debian', name), join(control, name), { mode: 0 });
  }
  const { code, output } = await run('env', [
    `SOURCE_DATE_EPOCH=${epoch}`,
    ...['dpkg-deb', '--root-owner-group', '-Zzstd', '-z12', '--build', directory, file],
  ]);
  rmSync(control, { recursive: true });
  if (code === 127)
    throw new Error('dpkg-deb is missing: the .deb is built on Debian or Ubuntu. Run there: pnpm package');
  if (code !== 0) throw new Error(`${output.trimEnd()}\ndpkg-deb failed (exit code ${code}).`);
}

/** @param {string} path */
const md5 = (path) => createHash('md5').update(readFileSync(path)).digest('hex');
