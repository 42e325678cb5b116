import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { tell } from '../progress.mjs';
import { ROOT, RUNTIME } from '../run.mjs';

const PATIENCE_MS = 8000;

/** @typedef {{ name: string, gone: Promise<void>, end: () => Promise<void> }} Part one process of `pnpm dev` */

/**
 * Starts the `dev` script of a package, and prefixes its lines with the package's name. It runs in a separate process
 * group, so that its children end with it.
 * @param {string} directory
 * @returns {Part}
 */
export function packagePart(directory) {
  const { name, scripts } = JSON.parse(readFileSync(join(ROOT, directory, 'package.json'), 'utf8'));
  const child = spawn('sh', ['-c', `exec ${scripts.dev}`], {
    cwd: join(ROOT, directory),
    env: {
      ...process.env,
      PATH: [join(ROOT, directory, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const mark = name.replace('@packetlog/', '').padEnd(9);
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => line !== '' && console.log(`${mark} | ${line}`));
  }
  return asPart(name, child, (signal) => child.pid !== undefined && process.kill(-child.pid, signal));
}

/**
 * Starts the loader and its watcher as root. They end when standard input closes, which needs no permission to signal.
 * @param {readonly string[]} args of the loader
 * @returns {Part}
 */
export function loaderPart(args) {
  const child = spawn('scripts/as-root.sh', [RUNTIME, 'scripts/dev/loader.mjs', ...args], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  return asPart('the loader', child, () => child.stdin?.end());
}

/**
 * @param {string} name
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: 'SIGTERM' | 'SIGKILL') => void} signalAll
 * @returns {Part}
 */
function asPart(name, child, signalAll) {
  /** @type {Promise<void>} */
  const gone = new Promise((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', (error) => {
      tell(`${name}: ${error.message}`);
      resolve();
    });
  });
  /** @param {'SIGTERM' | 'SIGKILL'} signal */
  const send = (signal) => {
    try {
      signalAll(signal);
    } catch {
      // The group is empty.
    }
  };
  const end = async () => {
    send('SIGTERM');
    const late = setTimeout(() => send('SIGKILL'), PATIENCE_MS);
    await gone;
    clearTimeout(late);
    // Ends children that outlived the first process of the group.
    send('SIGKILL');
  };
  return { name, gone, end };
}
