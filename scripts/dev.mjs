/**
 * pnpm dev [loader arguments]: runs the dashboard with live reload on port 3000 and the loader on port 7411, and
 * rebuilds and restarts both on change. Ctrl-C, or the end of one part, ends all.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { build } from './build.mjs';
import { loaderPart, packagePart } from './dev/part.mjs';
import { onChange } from './dev/watch.mjs';
import { tell } from './progress.mjs';
import { commandArguments, run, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

const DASHBOARD = 'http://localhost:3000';
const LOADER = 'http://localhost:7411';

await script(async () => {
  await ensureSystemPackages(['build', 'run']);
  await build(['@packetlog/loader']);

  // The same tokens for the whole session, so that the open page can connect to a restarted loader.
  for (const name of ['PACKETLOG_TOKEN', 'PACKETLOG_ADMIN_TOKEN'])
    process.env[name] ||= randomBytes(16).toString('hex');
  const { PACKETLOG_TOKEN: token, PACKETLOG_ADMIN_TOKEN: adminToken } = process.env;
  if (process.getuid?.() !== 0)
    tell('only the loader runs as root, through sudo, because it loads and attaches the XDP program.');

  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal).then(() => null));
  const unwatchAll = [watchC(), watchLoader()];
  const parts = [
    ...['packages/common', 'packages/bpf', 'packages/loader', 'apps/dashboard'].map(packagePart),
    loaderPart(['--ui', 'off', '--allow-origin', DASHBOARD, ...commandArguments(process.argv)]),
  ];
  tell(`open ${DASHBOARD}/#token=${token}&admin_token=${adminToken}&loader=${LOADER}`);

  const dead = await Promise.race([...signals, ...parts.map(({ name, gone }) => gone.then(() => name))]);
  // A second Ctrl-C must not leave parts behind.
  process.on('SIGINT', () => {}).on('SIGTERM', () => {});
  for (const unwatch of unwatchAll) unwatch();
  await Promise.all(parts.map(({ end }) => end()));
  if (dead === null) return 0;
  tell(`${dead} ended, so the other parts were stopped. See its output above.`);
  return 1;
});

/** Bundles the programs again when their parts change. */
function watchLoader() {
  const parts = ['packages/loader/dist', 'packages/common/dist', 'packages/bpf/dist'];
  return onChange(parts, /\.js$/, async () => {
    const { output } = await run('pnpm', [
      '--filter',
      '@packetlog/loader',
      'exec',
      'rolldown',
      '-c',
      'rolldown.config.mjs',
    ]);
    process.stderr.write(output);
  });
}

/** Rebuilds the C program, and its header when the layout in common changes. tsc watches the TypeScript. */
function watchC() {
  return onChange(['packages/bpf/src', 'packages/common/dist/record'], /\.[ch]$|^(c-header|layout)\.js$/, async () => {
    for (const tool of ['header', 'compile']) {
      const { code, output } = await run(process.execPath, [`packages/bpf/dist/build/${tool}.js`]);
      process.stderr.write(output);
      if (code !== 0) return;
    }
    tell('the XDP program was compiled.');
  });
}
