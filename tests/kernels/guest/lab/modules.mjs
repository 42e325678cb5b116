// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Loads a module and its dependencies. Returns false if the kernel has no such module, neither built in nor as a file.
 * @param {string} name
 * @param {string | undefined} directory contains `NAME.files`, the files in the order of loading (made by initramfs.sh);
 *   undefined: not in a guest, so modprobe resolves them
 */
export function loadModule(name, directory) {
  if (directory === undefined) {
    return existsSync(`/sys/module/${name}`) || spawnSync('modprobe', [name]).status === 0 || isBuiltIn(name);
  }
  const list = join(directory, `${name}.files`);
  if (!existsSync(list)) return false;
  for (const file of readFileSync(list, 'utf8').split('\n').filter(Boolean)) {
    const { status, stderr } = spawnSync('insmod', [join(directory, file)], { encoding: 'utf8' });
    if (status !== 0 && !/exists/i.test(stderr)) throw new Error(`insmod ${file}: ${stderr.trim()}`);
  }
  return true;
}

/** Creates a device to find a built-in driver: without parameters it has no /sys/module entry. */
function isBuiltIn(/** @type {string} */ name) {
  const probe = `probe${process.pid % 1000}`;
  const made = spawnSync('ip', ['link', 'add', probe, 'type', name]).status === 0;
  if (made) spawnSync('ip', ['link', 'delete', probe]);
  return made;
}
