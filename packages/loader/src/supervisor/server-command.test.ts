import { describe, expect, it } from 'vitest';
import { dropOptions, serverUserIn } from './server-command.ts';

const ALL = 0x1ff_ffff_ffffn;
const USER = { uid: 64_001, gid: 64_002 };

describe('the rights that are dropped', () => {
  it('for root: its user, its groups and every set of capabilities', () => {
    const options = dropOptions({ uid: 0, effective: ALL }, USER);
    expect(options.join(' ')).toContain('--reuid 64001 --regid 64002 --clear-groups');
    for (const option of ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs']) {
      expect(options).toContain(option);
    }
  });

  it('for a user with the capabilities of the service: these, and no_new_privs; the user stays', () => {
    const options = dropOptions({ uid: 64_001, effective: (1n << 12n) | (1n << 38n) | (1n << 39n) }, USER);
    expect(options).toContain('--ambient-caps=-all');
    expect(options).toContain('--no-new-privs');
    expect(options.join(' ')).not.toMatch(/--reuid|--bounding-set/);
  });

  it('for root of a container without CAP_SETUID: what is possible', () => {
    const options = dropOptions({ uid: 0, effective: 1n << 12n }, USER);
    expect(options.join(' ')).not.toMatch(/--reuid|--bounding-set/);
    expect(options).toContain('--inh-caps=-all');
  });
});

describe('the user of the server', () => {
  it('is the one that the package creates', () => {
    const passwd = 'root:x:0:0::/root:/bin/sh\npacketlog-server:x:995:994::/:/usr/sbin/nologin\n';
    expect(serverUserIn(passwd)).toEqual({ uid: 995, gid: 994 });
  });

  it.each(['', 'root:x:0:0::/:/bin/sh', 'packetlog-server:x:0:0::/:/bin/sh', 'packetlog-server:x:abc:1::/:/'])(
    'is the one without rights if there is none, and never root: %j',
    (passwd) => {
      expect(serverUserIn(passwd)).toEqual({ uid: 65534, gid: 65534 });
    },
  );
});
