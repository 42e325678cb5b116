import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { SYSTEM_PACKAGES } from './packages.mjs';
import { UNPACKED } from './unpack.mjs';

/** @typedef {import('./packages.mjs').SystemPackage} SystemPackage */

const LIBRARY_ROOTS = ['/usr/lib', '/usr/lib64', '/lib', '/lib64', '/usr/local/lib', '/usr/local/lib64'];
const INCLUDE_ROOTS = ['/usr/include', '/usr/local/include'];

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the directories and their multiarch children, such as /usr/lib/x86_64-linux-gnu.
 * @param {readonly string[]} roots
 */
function withMultiarch(roots) {
  return roots.filter(existsSync).flatMap((root) => [
    root,
    ...readdirSync(root)
      .filter((name) => name.includes('-linux-'))
      .map((name) => join(root, name)),
  ]);
}

/** @param {string} command */
export function hasCommand(command) {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => isExecutable(join(directory, command)));
}

/** @param {SystemPackage} wanted */
export function isPresent({ probe }) {
  if ('command' in probe) return hasCommand(probe.command);
  if ('file' in probe) return existsSync(probe.file);
  if ('unpacked' in probe) return hasCommand(basename(probe.unpacked)) || isExecutable(join(UNPACKED, probe.unpacked));
  if ('header' in probe) return withMultiarch(INCLUDE_ROOTS).some((root) => existsSync(join(root, probe.header)));
  return withMultiarch(LIBRARY_ROOTS).some((root) => existsSync(join(root, probe.library)));
}

/**
 * @param {readonly import('./packages.mjs').Purpose[]} purposes
 * @param {(wanted: SystemPackage) => boolean} [present]
 */
export function missingPackages(purposes, present = isPresent) {
  return SYSTEM_PACKAGES.filter(
    (wanted) => wanted.purposes.some((purpose) => purposes.includes(purpose)) && !present(wanted),
  );
}
