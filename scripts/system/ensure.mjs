import { step, tell } from '../progress.mjs';
import { aptInstall } from './apt.mjs';
import { hasCommand, missingPackages } from './probe.mjs';
import { unpack } from './unpack.mjs';

/**
 * @typedef {import('./packages.mjs').Purpose} Purpose
 * @typedef {import('./packages.mjs').SystemPackage} SystemPackage
 */

/**
 * @param {readonly SystemPackage[]} missing
 * @param {keyof SystemPackage['names']} manager
 */
export function packageNames(missing, manager) {
  return [...new Set(missing.map(({ names }) => names[manager]))];
}

/** @param {readonly string[]} names */
function aptByHand(names) {
  return `apt-get update && apt-get install --no-install-recommends ${names.join(' ')}`;
}

/** @param {readonly SystemPackage[]} missing */
export function installByHand(missing) {
  return [
    'Cannot install them: this machine has no apt-get. Install them, then run the same command again:',
    `  Debian, Ubuntu: apt-get install ${packageNames(missing, 'apt').join(' ')}`,
    `  Fedora, RHEL:   dnf install ${packageNames(missing, 'dnf').join(' ')}`,
    `  Arch:           pacman -S ${packageNames(missing, 'pacman').join(' ')}`,
  ].join('\n');
}

/**
 * Prints which system packages are missing for these purposes, and why they are needed, and installs them. Does nothing
 * if none is missing, or with PACKETLOG_SKIP_SYSTEM=1.
 * @param {readonly Purpose[]} purposes
 */
export async function ensureSystemPackages(purposes) {
  if (process.env['PACKETLOG_SKIP_SYSTEM'] === '1') return;
  const missing = missingPackages(purposes);
  if (missing.length === 0) return;

  tell('missing system packages:');
  for (const { what, why, names } of missing) tell(`  ${names.apt.padEnd(14)} ${what}: ${why}`);
  if (!hasCommand('apt-get')) throw new Error(installByHand(missing));
  const toUnpack = missing.filter(({ probe }) => 'unpacked' in probe);
  await install(missing.filter((each) => !toUnpack.includes(each)));
  if (toUnpack.length > 0) {
    await step('packages that are only unpacked', (onLine) => unpack(packageNames(toUnpack, 'apt'), onLine));
  }
  const still = missingPackages(purposes);
  if (still.length > 0) {
    const names = still.map(({ what }) => what).join(', ');
    throw new Error(`Installed, but not found: ${names}. Check that PATH contains their directory.`);
  }
}

/** @param {readonly SystemPackage[]} missing */
async function install(missing) {
  if (missing.length === 0) return;
  const apt = packageNames(missing, 'apt');
  if (process.getuid?.() !== 0) {
    if (!hasCommand('sudo')) {
      throw new Error(
        `Cannot install them: this user is not root, and sudo is not installed. As root, run:\n  ${aptByHand(apt)}`,
      );
    }
    tell('installing them through sudo: apt-get needs root.');
  }

  await step('system packages', (onLine) => aptInstall(apt, onLine));
}
