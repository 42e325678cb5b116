/** Where no bpf file system is mounted, the loader mounts one to pin in, and unload unmounts it. Needs root. */
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run } from '../lab/command.ts';
import { requireRoot } from '../lab/root.ts';
import { eachWithNetwork } from './suite.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const SCRIPT = path('./bpf-mount.sh');
const PACKETLOG = path('../../packages/loader/bin/packetlog');

describe.skipIf(!requireRoot())('the bpf file system', () => {
  const suite = eachWithNetwork({ ipv6: false });

  const FACTS = () => [
    'before: mounts 0, programs 0',
    // In a separate PID namespace, pins end with the namespace: the loader warns about that.
    'warned: 1',
    'killed: mounts 1, programs 1',
    `unload: Removed XDP program N from ${suite.network.link.server.device} (native with frags).`,
    expect.stringMatching(/^unload: Removed \d+ maps and \/sys\/fs\/bpf\/packetlog\/net_N\.$/),
    'after: mounts 0, programs 0',
  ];
  /** `as`: a command of the simulated machine's first process that runs the script. */
  const facts = async (...as: string[]) => {
    const { server, link } = suite.network;
    const script = ['bash', SCRIPT, process.execPath, PACKETLOG, server.name, link.server.device];
    const machine = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
    return (await run('timeout', ['100', 'unshare', ...machine, ...as, ...script])).trim().split('\n');
  };

  test('is mounted in the machine’s mount namespace, not in the loader’s own, and unmounted by unload', async () => {
    expect(await facts()).toEqual(FACTS());
  });

  test('is mounted below the root of the machine’s first process, even if that process is in a chroot', async () => {
    const root = await mkdtemp(join(tmpdir(), 'plt-root-'));
    try {
      const enter = 'mount --rbind / "$1" && root=$1 && shift && exec chroot "$root" "$@"';
      expect(await facts('bash', '-c', enter, 'enter', root)).toEqual(FACTS());
    } finally {
      await rmdir(root);
    }
  });
});
