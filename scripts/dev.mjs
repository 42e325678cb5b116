/**
 * pnpm dev [loader arguments]: the dashboard with live reload on port 3000, the loader on port 7411, both rebuilt
 * and restarted on change. Ctrl-C, or the end of one part, ends all.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { build } from './build.mjs';
import { onChange } from './dev/watch.mjs';
import { tell } from './progress.mjs';
import { commandArguments, run, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

const DASHBOARD = 'http://localhost:3000';
const LOADER = 'http://localhost:7411';
const PATIENCE_MS = 8000;

/** @typedef {{ name: string, process: import('node:child_process').ChildProcess, gone: Promise<unknown> }} Part */

await script(async () => {
  await ensureSystemPackages(['build', 'run']);
  await build(['@packetlog/loader']);

  // One token for the whole session, so that a restarted loader still knows the open page.
  process.env['PACKETLOG_TOKEN'] ||= randomBytes(16).toString('hex');
  if (process.getuid?.() !== 0)
    tell('only the loader runs as root, through sudo: it loads and attaches the XDP program.');

  const unwatch = watchC();
  const parts = [
    part('build', 'turbo', ['run', 'dev', '--ui=stream']),
    part('loader', 'scripts/as-root.sh', [
      process.execPath,
      'scripts/dev/loader.mjs',
      ...['--ui', 'off', '--allow-origin', DASHBOARD],
      ...commandArguments(process.argv),
    ]),
  ];
  tell(`open ${DASHBOARD}/#token=${process.env['PACKETLOG_TOKEN']}&loader=${LOADER}`);

  const reason = await Promise.race([
    ...['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal).then(() => signal)),
    ...parts.map(({ name, gone }) => gone.then(() => name)),
  ]);
  process.on('SIGINT', () => {}).on('SIGTERM', () => {});
  unwatch();
  await Promise.all(parts.map(end));
  const died = parts.some(({ name }) => name === reason);
  if (died) tell(`${reason} ended, and so does everything else.`);
  return died ? 1 : 0;
});

/**
 * @param {string} name
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Part}
 */
function part(name, command, args) {
  // A pipe that nobody writes to: its end tells the part that this process is gone.
  const child = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'] });
  child.on('error', (error) => tell(`${command}: ${error.message}`));
  return { name, process: child, gone: new Promise((resolve) => child.on('close', resolve).on('error', resolve)) };
}

/** @param {Part} ended */
async function end({ process: child, gone }) {
  child.stdin?.end();
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await gone;
  clearTimeout(late);
}

/** The C program, and its header when the layout in common has changed. TypeScript is watched by `turbo run dev`. */
function watchC() {
  return onChange(['packages/bpf/src', 'packages/common/dist'], /\.[ch]$|^(c-header|layout)\.js$/, async () => {
    for (const tool of ['header', 'compile']) {
      const { code, output } = await run(process.execPath, [`packages/bpf/dist/build/${tool}.js`]);
      process.stderr.write(output);
      if (code !== 0) return;
    }
    tell('the XDP program is compiled.');
  });
}
