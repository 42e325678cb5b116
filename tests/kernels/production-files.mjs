// @ts-check
/** Prints the files that a workspace package needs to run, relative to the repository, for `tar -T`. Links stay links. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const paths = /** @type {Set<string>} */ (new Set());
const visited = /** @type {Set<string>} */ (new Set());

/** @typedef {{ files?: string[], dependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }} Manifest */

/** @param {string} path */
const add = (path) => paths.add(relative(repository, path));

/** Returns the link in the nearest node_modules above, as Node resolves it. @type {(from: string, name: string) => string | undefined} */
function linkTo(from, name) {
  for (let at = from; at.length >= repository.length - 1; at = dirname(at)) {
    const link = join(at, 'node_modules', name);
    if (existsSync(link)) return link;
  }
  return undefined;
}

/** @param {string} directory */
function visit(directory) {
  if (visited.has(directory)) return;
  visited.add(directory);
  const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')));
  if (directory.includes('/node_modules/')) add(directory);
  else for (const file of ['package.json', ...(manifest.files ?? [])]) add(join(directory, file));

  for (const [names, optional] of /** @type {const} */ ([
    [manifest.dependencies, false],
    [manifest.optionalDependencies, true],
  ])) {
    for (const name of Object.keys(names ?? {})) {
      // The guest has Node.js in /opt/bin.
      if (name.startsWith('node-linux-')) continue;
      const link = linkTo(directory, name);
      if (link === undefined) {
        if (optional) continue;
        throw new Error(`${directory} needs ${name}, which is not installed. Run: pnpm install`);
      }
      add(link);
      visit(realpathSync(link));
    }
  }
}

for (const name of process.argv.slice(2)) visit(join(repository, name));
process.stdout.write([...paths].map((path) => `${path}\n`).join(''));
