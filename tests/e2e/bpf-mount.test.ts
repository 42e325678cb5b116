/** Where no bpf file system is mounted, one is when something is pinned, and only for so long. Needs root. */
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
    // A PID namespace of its own: its pins end with it, and nothing else is promised.
    'warned: 1',
    'killed: mounts 1, programs 1',
    `unload: Removed XDP program N from ${suite.network.link.server.device} (native with frags).`,
    expect.stringMatching(/^unload: Removed \d+ maps and \/sys\/fs\/bpf\/packetlog\/net_N\.$/),
    'after: mounts 0, programs 0',
  ];
  /** `as`: what the first process of the machine runs, before the script. */
  const facts = async (...as: string[]) => {
    const { server, link } = suite.network;
    const script = ['bash', SCRIPT, process.execPath, PACKETLOG, server.name, link.server.device];
    const machine = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
    return (await run('timeout', ['100', 'unshare', ...machine, ...as, ...script])).trim().split('\n');
  };

  test('is mounted for the machine by a loader whose own mounts end with it, and unmounted by unload', async () => {
    expect(await facts()).toEqual(FACTS());
  });

  test('is mounted where the machine’s first process sees it, which is not its mount namespace’s root', async () => {
    const root = await mkdtemp(join(tmpdir(), 'plt-root-'));
    try {
      const enter = 'mount --rbind / "$1" && root=$1 && shift && exec chroot "$root" "$@"';
      expect(await facts('bash', '-c', enter, 'enter', root)).toEqual(FACTS());
    } finally {
      await rmdir(root);
    }
  });
});
