import { run } from '../run.mjs';

/** Errors of apt-get, with the remedy. A cause comes before its consequences. */
const REMEDIES = [
  {
    pattern: /could not get lock|unable to acquire|is held by process/i,
    remedy: 'Another package manager is running. Run the same command again when it has finished.',
  },
  {
    pattern: /no space left/i,
    remedy: 'The disk is full. Free some space and run the same command again.',
  },
  {
    pattern:
      /temporary failure resolving|could not (?:connect|resolve)|failed to fetch|connection (?:timed out|failed)/i,
    remedy:
      'The package archive cannot be reached. Check the network and /etc/apt/sources.list, then run the same command again.',
  },
  {
    pattern: /unable to locate package|has no installation candidate/i,
    remedy:
      'This release has no package of that name. Install the programs and libraries named above in another way; they are searched for on PATH and in the usual directories for headers and libraries.',
  },
];

/** @param {string} log */
export function aptRemedy(log) {
  return (
    REMEDIES.find(({ pattern }) => pattern.test(log))?.remedy ??
    'Install the packages by hand, then run the same command again.'
  );
}

const APT_GET = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];

/**
 * Updates the package lists and installs. Throws an Error with the output of apt-get and the next action.
 * @param {readonly string[]} names
 * @param {(line: string) => void} onLine
 */
export async function aptInstall(names, onLine) {
  // If the lists cannot be updated, the old ones may still be usable.
  const update = await run('scripts/as-root.sh', [...APT_GET, 'update'], onLine);
  const command = [...APT_GET, 'install', '--yes', '--no-install-recommends', ...names];
  const install = await run('scripts/as-root.sh', command, onLine);
  if (install.code === 0) return;
  // apt-get update exits with 0 even if it could not reach an archive.
  const log = update.output + install.output;
  throw new Error(
    `${log.trimEnd()}\napt-get install ${names.join(' ')} failed: exit code ${install.code}.\n${aptRemedy(log)}`,
  );
}
