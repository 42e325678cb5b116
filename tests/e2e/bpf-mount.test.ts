/** Where no bpf file system is mounted, one is when something is pinned, and only for so long. Needs root. */
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

  test('is mounted for the machine by a loader whose own mounts end with it, and unmounted by unload', async () => {
    const { server, link } = suite.network;
    const command = [SCRIPT, process.execPath, PACKETLOG, server.name, link.server.device];
    const said = await run('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'bash', ...command]);
    expect(said.trim().split('\n')).toEqual([
      'before: mounts 0, programs 0',
      'killed: mounts 1, programs 1',
      `unload: Removed XDP program N from ${link.server.device} (native with frags).`,
      expect.stringMatching(/^unload: Removed \d+ maps and \/sys\/fs\/bpf\/packetlog\/net_N\.$/),
      'after: mounts 0, programs 0',
    ]);
  });
});
