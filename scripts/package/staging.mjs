/** Gathers the files of a package in a directory: what is below it is installed under the same path. */
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, run } from '../run.mjs';

/** @typedef {'amd64' | 'arm64'} Architecture as Debian names it */

/** Names of the processor in Node.js, npm and pnpm. */
const NODE_CPU = /** @type {const} */ ({ amd64: 'x64', arm64: 'arm64' });

export const LIBRARY = 'usr/lib/packetlog';
export const DOCUMENTS = 'usr/share/doc/packetlog';

/** Files of packages that no running process reads. */
const NOT_READ = /\.(map|d\.[cm]?ts|ts|md|markdown)$/;
const NOT_READ_DIRECTORIES = new Set([
  '.bin',
  '.pnpm',
  '@types',
  'undici-types',
  'docs',
  'test',
  'tests',
  'benchmarks',
  'examples',
  '.github',
]);
/** License files, which are kept whatever their extension. */
const LICENSE = /^(licen[cs]e|copying|notice)/i;

/**
 * Installs loader and dashboard below `usr/lib/packetlog`, with the runtime. Throws an error with the output of pnpm if
 * the packages for this architecture are not available.
 * @param {string} directory empty
 * @param {Architecture} architecture
 * @param {string} version
 */
export async function stageProgram(directory, architecture, version) {
  const library = join(directory, LIBRARY);
  const loader = join(library, 'loader');
  const cpu = NODE_CPU[architecture];
  mkdirSync(library, { recursive: true });
  // Hoisted: one flat node_modules without links, as npm makes it.
  const { code, output } = await run('pnpm', [
    ...['--filter', '@packetlog/loader', 'deploy', '--prod', '--legacy', '--ignore-scripts'],
    ...['--config.node-linker=hoisted', `--cpu=${cpu}`, '--os=linux', '--libc=glibc', loader],
  ]);
  if (code !== 0)
    throw new Error(
      `${output.trimEnd()}\npnpm deploy failed (exit code ${code}): the packages for ${architecture} are not available.`,
    );

  const runtime = join(loader, `node_modules/node-linux-${cpu}`);
  mkdirSync(join(library, 'bin'));
  cpSync(join(runtime, 'bin/node'), join(library, 'bin/node'));
  cpSync(join(runtime, 'LICENSE'), join(library, 'bin/LICENSE'));
  for (const name of readdirSync(join(loader, 'node_modules'))) {
    if (name.startsWith('node-linux-')) rmSync(join(loader, 'node_modules', name), { recursive: true });
  }
  rmSync(join(loader, 'node_modules/.modules.yaml'), { force: true });
  prune(loader);
  cpSync(join(ROOT, 'apps/dashboard/out'), join(loader, 'ui'), { recursive: true });

  const manifest = join(loader, 'package.json');
  const { name, license, type, bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  writeFileSync(manifest, `${JSON.stringify({ name, version, license, type, bin }, null, 2)}\n`);

  mkdirSync(join(directory, 'usr/bin'), { recursive: true });
  symlinkSync(`../lib/packetlog/loader/bin/packetlog`, join(directory, 'usr/bin/packetlog'));
}

/** @param {string} directory */
function prune(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (NOT_READ_DIRECTORIES.has(entry.name)) rmSync(path, { recursive: true });
      else prune(path);
    } else if (NOT_READ.test(entry.name) && !LICENSE.test(entry.name)) rmSync(path);
  }
}

/**
 * Copies files of `deploy` and of the documentation.
 * @param {string} directory
 */
export function stageIntegration(directory) {
  /** @param {string} from below the repository @param {string} to below the package */
  const copy = (from, to) => cpSync(join(ROOT, from), join(directory, to), { recursive: true });
  copy('deploy/systemd/packetlog.service', 'usr/lib/systemd/system/packetlog.service');
  copy('deploy/systemd/packetlog-server.service', 'usr/lib/systemd/system/packetlog-server.service');
  copy('deploy/systemd/packetlog-hub.service', 'usr/lib/systemd/system/packetlog-hub.service');
  copy('deploy/systemd/run-packetlog-bpf.mount', 'usr/lib/systemd/system/run-packetlog-bpf.mount');
  copy('deploy/systemd/sysusers.conf', 'usr/lib/sysusers.d/packetlog.conf');
  copy('deploy/systemd/tmpfiles.conf', 'usr/lib/tmpfiles.d/packetlog.conf');
  copy('deploy/packetlog.json', 'etc/packetlog/packetlog.json');
  copy('deploy/prometheus', `${DOCUMENTS}/prometheus`);
  copy('deploy/grafana', `${DOCUMENTS}/grafana`);
  copy('deploy/fail2ban/packetlog-fail2ban', `${LIBRARY}/bin/packetlog-fail2ban`);
  copy('deploy/fail2ban/action.d/packetlog.conf', 'etc/fail2ban/action.d/packetlog.conf');
  copy('deploy/logrotate/packetlog', 'etc/logrotate.d/packetlog');
  copy('deploy/crowdsec/packetlog-crowdsec', `${LIBRARY}/bin/packetlog-crowdsec`);
  copy('deploy/crowdsec/packetlog-bouncer.yaml', `${DOCUMENTS}/packetlog-bouncer.yaml`);
  copy('README.md', `${DOCUMENTS}/README.md`);
  for (const name of readdirSync(join(ROOT, 'docs'))) {
    if (name.endsWith('.md') && name !== 'README.md') copy(`docs/${name}`, `${DOCUMENTS}/${name}`);
  }
  chmodSync(join(directory, 'etc/packetlog'), 0o700);
}

/**
 * Writes a text file below the package; the directories to it are created.
 * @param {string} directory
 * @param {string} path
 * @param {string} text
 */
export function stageText(directory, path, text) {
  const file = join(directory, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

/**
 * Writes a compressed file, as Debian policy requires for man pages and changelogs. The header has neither name nor
 * time.
 * @param {string} directory
 * @param {string} path ends with .gz
 * @param {string} text
 */
export function stageCompressed(directory, path, text) {
  const file = join(directory, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, gzipSync(text, { level: 9 }));
}

/**
 * Sets modes to 0755 for directories and programs and 0644 for other files, whatever the umask of the build was;
 * `/etc/packetlog` stays at 0700.
 * @param {string} directory
 */
export function normalizeModes(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) {
      chmodSync(path, path.endsWith('/etc/packetlog') ? 0o700 : 0o755);
      normalizeModes(path);
    } else chmodSync(path, basename(directory) === 'bin' && entry.name !== 'LICENSE' ? 0o755 : 0o644);
  }
}

/**
 * Lists the files below a directory, with paths from it, sorted.
 * @param {string} directory
 * @param {string} [below]
 * @returns {string[]}
 */
export function filesBelow(directory, below = '') {
  return readdirSync(join(directory, below))
    .sort()
    .flatMap((name) => {
      const path = below === '' ? name : `${below}/${name}`;
      return lstatSync(join(directory, path)).isDirectory() ? filesBelow(directory, path) : [path];
    });
}
