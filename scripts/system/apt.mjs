import { run } from '../run.mjs';

/** What apt-get says, and what to do about it. Causes come before what follows from them. */
const REMEDIES = [
  {
    says: /could not get lock|unable to acquire|is held by process/i,
    remedy: 'Another package manager is at work on this machine. Run the same command again when it has finished.',
  },
  {
    says: /no space left/i,
    remedy: 'The disk is full. Free some space and run the same command again.',
  },
  {
    says: /temporary failure resolving|could not (?:connect|resolve)|failed to fetch|connection (?:timed out|failed)/i,
    remedy:
      'The package archive cannot be reached. Check the network and /etc/apt/sources.list, then run the same command again.',
  },
  {
    says: /unable to locate package|has no installation candidate/i,
    remedy:
      'This release has no package of that name. Install what is named above in another way; it is found by PATH, header or library.',
  },
];

/** @param {string} log */
export function aptRemedy(log) {
  return (
    REMEDIES.find(({ says }) => says.test(log))?.remedy ?? 'Install them by hand, then run the same command again.'
  );
}

const APT_GET = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];

/**
 * Updates the lists and installs. Throws an Error whose message holds apt-get's words and the next action.
 * @param {readonly string[]} names
 * @param {(line: string) => void} onLine
 */
export async function aptInstall(names, onLine) {
  // A list that cannot be refreshed may still be good enough to install from.
  const update = await run('scripts/as-root.sh', [...APT_GET, 'update'], onLine);
  const command = [...APT_GET, 'install', '--yes', '--no-install-recommends', ...names];
  const install = await run('scripts/as-root.sh', command, onLine);
  if (install.code === 0) return;
  // apt-get update ends with 0 although an archive could not be reached.
  const log = update.output + install.output;
  throw new Error(`${log.trimEnd()}\napt-get install ${names.join(' ')}: exit code ${install.code}\n${aptRemedy(log)}`);
}
