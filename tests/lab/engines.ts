/**
 * Database engines that read or hold the same records, for comparison: exact versions from npm, in a directory of their
 * own. They are no dependency of the workspace, because they take 615 MB. Only the benchmark installs them.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type Engine = 'duckdb' | 'chdb';

const ENGINES: Readonly<Record<Engine, { readonly name: string; readonly version: string }>> = {
  duckdb: { name: '@duckdb/node-api', version: '1.5.6-r.1' },
  chdb: { name: 'chdb', version: '3.4.0' },
};
const DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/packetlog-engines', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('../../bench/peers/engines/', import.meta.url));
const INSTALL_MS = 240_000;

/** Returns the directory that has the engine as a package; undefined if it is not installed in this version. */
export function installedEngine(engine: Engine): string | undefined {
  const directory = join(DIRECTORY, engine);
  const { name, version } = ENGINES[engine];
  const manifest = join(directory, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) return undefined;
  return JSON.parse(readFileSync(manifest, 'utf8')).version === version ? directory : undefined;
}

/** Installs the engine unless it is there, and returns its directory. Throws npm's message. */
export async function installEngine(engine: Engine): Promise<string> {
  const installed = installedEngine(engine);
  if (installed !== undefined) return installed;
  const directory = join(DIRECTORY, engine);
  mkdirSync(directory, { recursive: true });
  const { name, version } = ENGINES[engine];
  writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
  // Their libraries come as packages: no script needs to run.
  const options = ['--ignore-scripts', '--save-exact', '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', ['install', ...options, `${name}@${version}`], {
    cwd: directory,
    timeout: INSTALL_MS,
  });
  return directory;
}

/** Returns the name and version of an engine. */
export function engineName(engine: Engine): string {
  return `${ENGINES[engine].name} ${ENGINES[engine].version}`;
}

/** Returns the path of a script of the benchmark that serves one engine. */
export const engineScript = (name: 'record' | 'segments' | 'past' | Engine): string => join(SCRIPTS, `${name}.mjs`);
