import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forbiddenLicenses } from './components.mjs';
import { buildDeb } from './deb.mjs';
import { escapeRoff, manPage } from './man-page.mjs';
import { filesBelow, normalizeModes } from './staging.mjs';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-package-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** @param {string} name @param {number} seconds */
async function debOf(name, seconds) {
  const staged = join(directory, name);
  mkdirSync(join(staged, 'etc/packetlog'), { recursive: true });
  mkdirSync(join(staged, 'usr/lib/packetlog/bin'), { recursive: true });
  writeFileSync(join(staged, 'etc/packetlog/packetlog.json'), '{}\n');
  writeFileSync(join(staged, 'etc/packetlog/other.conf'), '');
  writeFileSync(join(staged, 'usr/lib/packetlog/bin/node'), 'not node');
  for (const path of filesBelow(staged)) utimesSync(join(staged, path), seconds, seconds);
  normalizeModes(staged);
  const file = join(directory, `${name}.deb`);
  await buildDeb({ directory: staged, file, version: '0.1.0+git1.abc', architecture: 'amd64', epoch: 1_700_000_000 });
  return file;
}

it('two builds of the same files are equal, whenever the files were written', async () => {
  const hashes = [];
  for (const [name, seconds] of /** @type {const} */ ([
    ['first', 1_700_000_500],
    ['second', 1_700_999_999],
  ])) {
    hashes.push(
      createHash('sha256')
        .update(readFileSync(await debOf(name, seconds)))
        .digest('hex'),
    );
  }
  expect(hashes[0]).toBe(hashes[1]);
});

it('the .deb has the control fields, the configuration files and the modes', async () => {
  const file = await debOf('one', 1);
  /** @param {string[]} args */
  const dpkg = (...args) => spawnSync('dpkg-deb', args, { encoding: 'utf8' }).stdout;
  expect(dpkg('--field', file, 'Version')).toBe('0.1.0+git1.abc\n');
  expect(dpkg('--info', file, 'conffiles')).toBe('/etc/packetlog/other.conf\n/etc/packetlog/packetlog.json\n');
  expect(dpkg('--info', file, 'md5sums')).toMatch(/^[0-9a-f]{32} {2}etc\/packetlog\/packetlog\.json$/m);
  const contents = dpkg('--contents', file);
  expect(contents).toMatch(/^drwx------ root\/root .*\.\/etc\/packetlog\/$/m);
  expect(contents).toMatch(/^-rwxr-xr-x root\/root .*\.\/usr\/lib\/packetlog\/bin\/node$/m);
});

it('a license that is not in the list is named, unless the component only builds', () => {
  const component = (/** @type {string} */ name, /** @type {string} */ id) => ({
    type: 'library',
    name,
    version: '1.0.0',
    purl: `pkg:npm/${name}@1.0.0`,
    'bom-ref': name,
    licenses: [{ license: { id } }],
  });
  const bill = {
    serialNumber: '',
    metadata: { timestamp: '', component: {} },
    components: [
      component('good', 'MIT'),
      component('bad', 'AGPL-3.0-only'),
      { ...component('builds', 'LGPL-3.0-or-later'), scope: 'excluded' },
      { ...component('silent', 'MIT'), licenses: [] },
    ],
  };
  expect(forbiddenLicenses(bill)).toEqual(['bad 1.0.0: AGPL-3.0-only', 'silent 1.0.0: no license stated']);
});

it('roff keeps hyphens, backslashes and a dot that begins a line', () => {
  expect(escapeRoff('.a --b\\c')).toBe('\\&.a \\-\\-b\\ec');
});

it('the man page has each command and option', async () => {
  const { packetlogCommand } = await import('../../packages/loader/dist/cli/command-line.js');
  const page = manPage(
    packetlogCommand(() => {}),
    { version: '0.1.0', date: '2026-01-31' },
  );
  for (const part of [
    '.SS run',
    '.SS rules',
    '.SS rules add',
    '\\-\\-ring\\-size <bytes>',
    '.SS status',
    '.SS doctor',
  ]) {
    expect(page).toContain(part);
  }
});
