/**
 * pnpm package [--arch amd64|arm64] [--out DIRECTORY]: builds packetlog_VERSION_ARCH.deb and a .tar.gz for other
 * distributions, with the runtime, man pages, completions, licenses and the list of components.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { billOfMaterials, forbiddenLicenses, licenseTexts } from './package/components.mjs';
import { buildDeb } from './package/deb.mjs';
import { manPage } from './package/man-page.mjs';
import {
  DOCUMENTS,
  LIBRARY,
  normalizeModes,
  stageCompressed,
  stageIntegration,
  stageProgram,
  stageText,
} from './package/staging.mjs';
import { buildTarball } from './package/tarball.mjs';
import { releaseOf } from './package/version.mjs';
import { step, tell } from './progress.mjs';
import { commandArguments, ROOT, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

const MAX_DEB_BYTES = 60 * 2 ** 20;

await script(async () => {
  const { values } = parseArgs({
    args: commandArguments(process.argv),
    options: {
      arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
      out: { type: 'string', default: 'packages-out' },
    },
  });
  const architecture = values.arch;
  if (architecture !== 'amd64' && architecture !== 'arm64') {
    throw new Error(`--arch ${architecture}: unknown architecture. Use amd64 or arm64.`);
  }
  const out = resolve(values.out);
  const release = await releaseOf(process.env['SOURCE_DATE_EPOCH']);
  await ensureSystemPackages(['build']);
  await build();

  const directory = mkdtempSync(join(tmpdir(), 'packetlog-package-'));
  try {
    await step('files of the package', () => stage(directory, architecture, release));
    const top = `packetlog_${release.version}_${architecture}`;
    mkdirSync(out, { recursive: true });
    const deb = join(out, `${top}.deb`);
    await step('.deb', () => buildDeb({ directory, file: deb, architecture, ...release }));
    const { size } = statSync(deb);
    if (size > MAX_DEB_BYTES)
      throw new Error(`${deb}: ${size} bytes, more than ${MAX_DEB_BYTES}. Find out which files grew.`);
    const archive = join(out, `${top}.tar.gz`);
    await step('.tar.gz', () => buildTarball({ directory, file: archive, top, epoch: release.epoch }));
    for (const file of [deb, archive]) tell(`${file} (${(statSync(file).size / 2 ** 20).toFixed(1)} MiB)`);
    return 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/**
 * @param {string} directory
 * @param {'amd64' | 'arm64'} architecture
 * @param {import('./package/version.mjs').Release} release
 */
async function stage(directory, architecture, { version, epoch }) {
  chmodSync(directory, 0o755);
  await stageProgram(directory, architecture, version);
  stageIntegration(directory);
  await stageManuals(directory, version, epoch);

  const modules = join(directory, LIBRARY, 'loader/node_modules');
  const bill = await billOfMaterials({ version, epoch, architecture, installed: packagesIn(modules) });
  const forbidden = forbiddenLicenses(bill);
  if (forbidden.length > 0) {
    throw new Error(
      `Licenses that may not be shipped (scripts/package/components.mjs has the list):\n${forbidden.join('\n')}`,
    );
  }
  stageText(directory, `${DOCUMENTS}/sbom.cdx.json`, `${JSON.stringify(bill, null, 2)}\n`);
  const places = [modules, join(ROOT, 'apps/dashboard/node_modules'), join(ROOT, 'node_modules/.pnpm/node_modules')];
  stageText(directory, `${DOCUMENTS}/third-party-licenses.txt`, licenseTexts(bill, places));
  const copyright = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
  stageText(
    directory,
    `${DOCUMENTS}/copyright`,
    `PacketLog. License: Apache-2.0. Other components: third-party-licenses.txt.\n\n${copyright}`,
  );
  normalizeModes(directory);
}

/** @param {string} directory @param {string} version @param {number} epoch */
async function stageManuals(directory, version, epoch) {
  /** @type {{ packetlogCommand: (done: (code: number) => void) => import('commander').Command }} */
  const { packetlogCommand } = await import(join(ROOT, 'packages/loader/dist/cli/command-line.js'));
  const { completionScript } = await import(join(ROOT, 'packages/loader/dist/cli/completion.js'));
  const program = packetlogCommand(() => {});
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  stageCompressed(directory, 'usr/share/man/man1/packetlog.1.gz', manPage(program, { version, date }));
  for (const name of readdirSync(join(ROOT, 'deploy/man'))) {
    const text = readFileSync(join(ROOT, 'deploy/man', name), 'utf8')
      .replaceAll('@DATE@', date)
      .replaceAll('@VERSION@', version);
    stageCompressed(directory, `usr/share/man/man5/${name}.gz`, text);
  }
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  stageCompressed(directory, `${DOCUMENTS}/changelog.gz`, changelog);
  stageText(directory, 'usr/share/bash-completion/completions/packetlog', completionScript('bash', program));
  stageText(directory, 'usr/share/zsh/vendor-completions/_packetlog', completionScript('zsh', program));
  stageText(directory, 'usr/share/fish/vendor_completions.d/packetlog.fish', completionScript('fish', program));
}

/** @param {string} modules a node_modules directory */
function packagesIn(modules) {
  return new Set(
    readdirSync(modules).flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((each) => `${name}/${each}`) : [name],
    ),
  );
}
