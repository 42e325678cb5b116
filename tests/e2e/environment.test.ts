/** Places where the loader is started that are not what it expects. Real loaders, real mounts; needs root. */
import { chmodSync, chownSync, lchownSync, mkdirSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { eachWithPins } from './pinned.ts';

const NOBODY = 65_534;

describe.skipIf(!requireRoot())('a bpf file system that other users can change', () => {
  const suite = eachWithPins({ ipv6: false });
  const start = async () => {
    const packetlog = suite.start('--iface', suite.network.link.server.device, '--print', 'none');
    const { code } = await packetlog.exited;
    return { code, said: packetlog.stderr };
  };

  test('is used by no loader and by no unload, and each says why', async () => {
    const { path } = suite.place;
    const ours = join(path, 'packetlog');
    chmodSync(path, 0o777);
    expect(await start()).toEqual({
      code: 4,
      said: expect.stringMatching(
        /^packetlog: pin in .*: .* can be changed by other users \(mode 0777\)\. Make it root’s/,
      ),
    });

    // As `mount -t bpf` makes it without options: each user may add to it, and rename what is his own.
    chmodSync(path, 0o1777);
    mkdirSync(ours, 0o700);
    chownSync(ours, NOBODY, NOBODY);
    const theirs = /^packetlog: use .*: it belongs to another user \(uid 65534\)\. Find out who made it/;
    expect(await start()).toEqual({ code: 1, said: expect.stringMatching(theirs) });
    mkdirSync(join(ours, 'net_1'));
    const unload = suite.unload();
    expect(await unload.exited).toMatchObject({ code: 1 });
    expect(unload.stderr).toMatch(theirs);
    rmdirSync(join(ours, 'net_1'));
    rmdirSync(ours);

    symlinkSync('/tmp', ours);
    lchownSync(ours, NOBODY, NOBODY);
    expect(await start()).toEqual({
      code: 1,
      said: expect.stringMatching(/^packetlog: use .*\/packetlog: it is a symbolic link or no directory\./),
    });
    unlinkSync(ours);
  });
});
