/**
 * Copies the loader, so that a test can start it as a user who cannot reach the checkout: a checkout in /root, whose mode
 * is 0700, is readable for root only.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { PACKETLOG } from './process.ts';

/** What such a script needs. */
const CORE_CHANNEL = fileURLToPath(new URL('./core-channel.cjs', import.meta.url));

/** What starts a loader. Absolute paths. */
export interface LoaderProgram {
  /** The Node.js runtime. */
  readonly node: string;
  readonly packetlog: string;
}

export interface LoaderCopy extends LoaderProgram {
  /** The directory of the loader's package. */
  readonly loader: string;
}

/** The loader of this checkout. */
export const CHECKOUT: LoaderProgram = { node: process.execPath, packetlog: PACKETLOG };

/**
 * Copies the loader with everything that it loads, except the dashboard. Nothing in the copy links to the checkout, and
 * every user who can reach `directory`, which must not exist, can read all of it.
 */
export function copyLoader(directory: string): LoaderCopy {
  const original = dirname(dirname(PACKETLOG));
  const loader = join(directory, 'packages/loader');
  const copy = (from: string, to: string) => cpSync(from, join(loader, to), { recursive: true, dereference: true });
  mkdirSync(loader, { recursive: true });
  for (const part of ['bin', 'dist', 'package.json']) copy(join(original, part), part);
  copy(join(original, 'node_modules/@packetlog/bpf/dist'), 'node_modules/@packetlog/bpf/dist');
  // Its addon is a package beside it.
  const ffi = realpathSync(join(original, 'node_modules/ffi-rs'));
  copy(ffi, 'node_modules/ffi-rs');
  copy(join(dirname(ffi), '@yuuang'), 'node_modules/@yuuang');
  // Marks the root of a repository.
  writeFileSync(join(directory, 'pnpm-workspace.yaml'), '');
  const node = join(directory, 'node');
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  makeReadable(directory);
  return { node, packetlog: join(loader, 'bin/packetlog'), loader };
}

/**
 * Makes a copied loader run `script` in place of its server process. Only core-channel.cjs is there for it to require: a
 * server process gets its program as one text, and no files.
 */
export function replaceServer({ loader }: LoaderCopy, script: string): void {
  const text = [
    'const coreChannel = { exports: {} };',
    `((module) => {\n${readFileSync(CORE_CHANNEL, 'utf8')}})(coreChannel);`,
    `((require) => {\n${readFileSync(script, 'utf8')}})(`,
    `  (name) => (name.endsWith('${basename(CORE_CHANNEL)}') ? coreChannel.exports : require(name)),`,
    ');',
  ];
  writeFileSync(join(loader, 'dist/server-process.cjs'), text.join('\n'));
}

/** Makes a copy before the tests of a file, in a directory that every user can enter, and removes it after them. */
export function withLoaderCopy(): LoaderCopy {
  let directory: string | undefined;
  let made: LoaderCopy | undefined;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-copy-'));
    made = copyLoader(join(directory, 'clone'));
    chmodSync(directory, 0o755);
  });
  afterAll(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true });
  });
  const need = () => {
    if (made === undefined) throw new Error('only inside a test');
    return made;
  };
  return {
    get node() {
      return need().node;
    },
    get packetlog() {
      return need().packetlog;
    },
    get loader() {
      return need().loader;
    },
  };
}

/** Sets modes to 0755, whatever the umask of the checkout was. */
function makeReadable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else chmodSync(path, 0o755);
  }
}
