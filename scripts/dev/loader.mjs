/**
 * Runs the loader with the given arguments, and restarts it when its built code changes. Ends with the loader when its
 * standard input closes: that also works through sudo, and when `pnpm dev` is killed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tell } from '../progress.mjs';
import { onChange } from './watch.mjs';

const DIST = ['packages/bpf/dist', 'packages/loader/dist'];
/** The bundles, and the XDP program. */
const CODE = /\.(cjs|o)$/;

/** @type {import('node:child_process').ChildProcess | undefined} */
let loader;
let ending = false;
let running = codeDigest();

/** Returns a digest of the built code. tsc also rewrites unchanged files, so times do not show changes. */
function codeDigest() {
  const hash = createHash('sha256');
  for (const directory of DIST) {
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
      if (CODE.test(name)) hash.update(name).update(readFileSync(join(directory, name)));
    }
  }
  return hash.digest('hex');
}

function start() {
  loader = spawn('packages/loader/bin/packetlog', process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] });
  const started = loader;
  started.on('error', (error) => tell(`the loader did not start: ${error.message}`));
  started.on('exit', (code, signal) => {
    if (loader !== started) return;
    loader = undefined;
    if (!ending) tell(`the loader ended (${signal ?? code}). It restarts when its code changes.`);
  });
}

async function stop() {
  const stopping = loader;
  loader = undefined;
  if (stopping === undefined || stopping.pid === undefined) return;
  const gone = once(stopping, 'exit');
  stopping.kill('SIGTERM');
  await gone;
}

const unwatch = onChange(DIST, CODE, async () => {
  const code = codeDigest();
  if (ending || code === running) return;
  running = code;
  tell('the code changed: restarting the loader.');
  await stop();
  if (!ending) start();
});

async function end() {
  if (ending) return;
  ending = true;
  unwatch();
  await stop();
  process.exit(0);
}

process.stdin.on('end', end).on('error', end).resume();
// On a terminal Ctrl-C also reaches the loader; the second signal, from stop(), does no harm.
process.on('SIGINT', end).on('SIGTERM', end);
start();
