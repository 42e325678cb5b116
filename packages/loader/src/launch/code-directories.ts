/** The directories that the core's program consists of. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of this package. */
const PACKAGE_FILE = fileURLToPath(new URL('../../package.json', import.meta.url));
/** Marks the root of the repository. */
const WORKSPACE = 'pnpm-workspace.yaml';
const MODULES = '/node_modules/';

/** Returns the directories that contain the program, its runtime and the dashboard, if there is one. */
export function codeDirectories(dashboard: string | undefined): string[] {
  return [
    rootOf(dirname(PACKAGE_FILE), (path) => existsSync(join(path, WORKSPACE))),
    dirname(process.execPath),
    ...(dashboard === undefined ? [] : [dashboard]),
  ];
}

/** Returns files of which the core must be able to read each. */
export function neededFiles(): string[] {
  return [PACKAGE_FILE, process.argv[1] ?? PACKAGE_FILE, process.execPath];
}

/**
 * Returns the directory with everything that a package imports: the repository, else the directory with the outermost
 * `node_modules`, else the package. Pure.
 */
export function rootOf(directory: string, isWorkspace: (path: string) => boolean): string {
  for (let path = directory; path !== '/'; path = dirname(path)) if (isWorkspace(path)) return path;
  const modules = directory.indexOf(MODULES);
  return modules > 0 ? directory.slice(0, modules) : directory;
}
