/**
 * Runs the loader with the given arguments and starts it anew when what it is built from changes. It ends, and the
 * loader with it, when its standard input closes: that also works through sudo, and when `pnpm dev` is killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tell } from '../progress.mjs';
import { onChange } from './watch.mjs';

const DIST = ['packages/common/dist', 'packages/bpf/dist', 'packages/loader/dist'];

/** @type {import('node:child_process').ChildProcess | undefined} */
let loader;
let ending = false;

function start() {
  loader = spawn('packages/loader/bin/packetlog', process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] });
  const started = loader;
  started.on('error', (error) => tell(`the loader does not start: ${error.message}`));
  started.on('exit', (code, signal) => {
    if (loader !== started) return;
    loader = undefined;
    if (!ending) tell(`the loader ended (${signal ?? code}). It starts again when its code changes.`);
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

const unwatch = onChange(DIST, /\.(js|o)$/, async () => {
  if (ending) return;
  tell('code changed: the loader starts again.');
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
// On a terminal Ctrl-C reaches the loader too; the second signal of stop() finds it gone or on its way.
process.on('SIGINT', end).on('SIGTERM', end);
start();
