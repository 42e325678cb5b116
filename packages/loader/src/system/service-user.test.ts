import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asOwnerOf, coreUsersIn } from './service-user.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/bash\n';

it.each([
  [`${ROOT}packetlog:x:990:990:PacketLog:/var/lib/packetlog:/usr/sbin/nologin\n`, [990, 65_533]],
  [`${ROOT}nobody4:x:65533:65533::/:/bin/sh\npacketlog:x:990:990::/:/bin/sh\n`, [990]],
  [`${ROOT}nobody4:x:65533:65533::/:/bin/sh\n`, []],
  [`${ROOT}packetlog2:x:990:990::/:/bin/sh\n`, [65_533]],
  [`${ROOT}packetlog:x:1000:1000:a person:/home/packetlog:/bin/bash\n`, [65_533]],
  [`${ROOT}packetlog:x:0:0::/:/bin/sh\n`, [65_533]],
  [`${ROOT}packetlog:x::990::/:/bin/sh\n`, [65_533]],
  [ROOT, [65_533]],
  ['', [65_533]],
])('the users of cores in %j are %j', (passwd, uids) => {
  expect(coreUsersIn(passwd).map(({ uid }) => uid)).toEqual(uids);
});

describe.skipIf(process.getuid?.() !== 0)('asOwnerOf', () => {
  const UID = 990;
  const service = () => [UID];
  const inDirectory = (uid: number, test: (at: (name: string) => string, directory: string) => void) => {
    const directory = mkdtempSync(join(tmpdir(), 'packetlog-owner-'));
    chownSync(directory, uid, uid);
    try {
      test((name) => join(directory, name), directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it('creates files that belong to the service, and is root again afterwards', () => {
    inDirectory(UID, (at, directory) => {
      asOwnerOf(directory, () => writeFileSync(at('file'), 'text'), service);
      expect(statSync(at('file')).uid).toBe(UID);
      expect(process.geteuid?.()).toBe(0);
      expect(process.getegid?.()).toBe(0);
    });
  });

  it('is not led to a file of root by a link that the service put there', () => {
    inDirectory(0, (at) => {
      writeFileSync(at('of-root'), 'before', { mode: 0o600 });
      inDirectory(UID, (there, directory) => {
        symlinkSync(at('of-root'), there('rules.json'));
        expect(() => asOwnerOf(directory, () => writeFileSync(there('rules.json'), 'after'), service)).toThrow(
          'EACCES',
        );
      });
      expect(readFileSync(at('of-root'), 'utf8')).toBe('before');
      expect(process.geteuid?.()).toBe(0);
    });
  });

  it.each([
    ['of root', 0],
    ['of another user', 991],
  ])('acts as root in a directory %s', (_, uid) => {
    inDirectory(uid, (at, directory) => {
      asOwnerOf(directory, () => writeFileSync(at('file'), 'text'), service);
      expect(statSync(at('file')).uid).toBe(0);
    });
  });
});
