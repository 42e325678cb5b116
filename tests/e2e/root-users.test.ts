/** A loader that root started before the service was installed, and one afterwards: its core has another user. Needs root. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { PACKETLOG, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { eachWithNetwork } from './suite.ts';

const SERVICE = 'packetlog:x:990:990::/var/lib/packetlog:/usr/sbin/nologin\n';
const RUN = ['run', '--iface', 'server0', '--print', 'none', '--mode', 'native', '--listen', 'off'];

describe.skipIf(!requireRoot())('the user of the core', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let home: string;
  let place: PinPlace;
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'packetlog-home-'));
    place = await createPinPlace();
  });
  afterEach(async () => {
    await place.dispose();
    rmSync(home, { recursive: true });
  });

  const state = () => join(home, 'state');
  const pins = () => join(place.path, 'packetlog');
  /** Starts the command with these users in /etc/passwd. */
  const withUsers = (users: string, ...args: string[]) => {
    const passwd = join(home, 'passwd');
    writeFileSync(passwd, `root:x:0:0:root:/root:/bin/sh\n${users}`, { mode: 0o644 });
    const script = 'mount --bind "$0" /etc/passwd && exec "$@"';
    const command = ['--mount', '--propagation', 'private', 'sh', '-c', script, passwd, process.execPath, PACKETLOG];
    const env = { PACKETLOG_STATE_DIR: state(), PACKETLOG_BPFFS: place.path };
    return suite.own(startProcess(suite.network.server, 'unshare', [...command, ...args], env));
  };
  const running = async (users: string) => {
    const packetlog = withUsers(users, ...RUN);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  };
  const done = async (users: string, ...args: string[]) => {
    const command = withUsers(users, ...args);
    expect({ ...(await command.exited), said: command.stderr }).toEqual({ code: 0, signal: null, said: '' });
    return command.stdout;
  };

  test('that the service brings takes over rules and pins of the unassigned one; commands trust both', async () => {
    const first = await running('');
    expect(statSync(state())).toMatchObject({ uid: 65_533, gid: 65_533 });
    await done('', 'rules', 'add', 'deny', '198.51.100.9');
    // The service was installed while the loader runs.
    expect(await done(SERVICE, 'rules', 'list')).toContain('198.51.100.9');
    await done(SERVICE, 'rules', 'add', 'deny', '198.51.100.10');
    await first.end('SIGKILL');

    const second = await running(SERVICE);
    expect(readFileSync(`/proc/${second.pid}/status`, 'utf8')).toMatch(/^Uid:\t990\t990\t990\t990$/m);
    expect(second.stderr).toMatch(/Took over from a loader that ended, without a gap/);
    for (const path of [state(), join(state(), 'rules.json'), join(state(), 'sets'), pins()]) {
      expect({ path, ...statSync(path) }).toMatchObject({ path, uid: 990, gid: 990 });
    }
    expect(await done(SERVICE, 'rules', 'list')).toMatch(/198\.51\.100\.9\b[\s\S]*198\.51\.100\.10\b/);
    await done(SERVICE, 'rules', 'add', 'deny', '198.51.100.11');
    await second.end();
    expect(await done(SERVICE, 'unload', '--bpf-fs', place.path)).toContain('Removed XDP program');
  });
});
