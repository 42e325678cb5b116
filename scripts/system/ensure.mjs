import { step, tell } from '../progress.mjs';
import { aptInstall } from './apt.mjs';
import { hasCommand, missingPackages } from './probe.mjs';

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
    'Only apt-get is driven from here. Install these yourself, then run the same command again:',
    `  Debian, Ubuntu: apt-get install ${packageNames(missing, 'apt').join(' ')}`,
    `  Fedora, RHEL:   dnf install ${packageNames(missing, 'dnf').join(' ')}`,
    `  Arch:           pacman -S ${packageNames(missing, 'pacman').join(' ')}`,
  ].join('\n');
}

/**
 * Installs the missing system packages for these purposes, after saying which and why. Does nothing, and asks
 * for nothing, when all are there. PACKETLOG_SKIP_SYSTEM=1 skips it.
 * @param {readonly Purpose[]} purposes
 */
export async function ensureSystemPackages(purposes) {
  if (process.env['PACKETLOG_SKIP_SYSTEM'] === '1') return;
  const missing = missingPackages(purposes);
  if (missing.length === 0) return;

  tell('missing system packages:');
  for (const { what, why, names } of missing) tell(`  ${names.apt.padEnd(14)} ${what}: ${why}`);
  if (!hasCommand('apt-get')) throw new Error(installByHand(missing));
  const apt = packageNames(missing, 'apt');
  if (process.getuid?.() !== 0) {
    if (!hasCommand('sudo')) {
      throw new Error(`Root is needed to install them, and there is no sudo here. As root, run:\n  ${aptByHand(apt)}`);
    }
    tell('root is needed to install them: apt-get runs through sudo.');
  }

  await step('system packages', (onLine) => aptInstall(apt, onLine));
  const still = missingPackages(purposes);
  if (still.length > 0) {
    throw new Error(`Installed, but still not found: ${still.map(({ what }) => what).join(', ')}. Is it on PATH?`);
  }
}
