/** Environments that differ from what the loader expects. Real loaders, real mounts; needs root. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { BIN, eachWithPins } from './pinned.ts';
import { eachWithNetwork } from './suite.ts';

const UNPRIVILEGED_UID = 65_534;

describe.skipIf(!requireRoot())('a bpf file system that other users can change', () => {
  const suite = eachWithPins({ ipv6: false });
  const start = async () => {
    const packetlog = suite.start('--iface', suite.network.link.server.device, '--print', 'none');
    const { code } = await packetlog.exited;
    return { code, said: packetlog.stderr };
  };

  test('is not used by run or unload, and both name the reason', async () => {
    const { path } = suite.place;
    const ours = join(path, 'packetlog');
    chmodSync(path, 0o777);
    expect(await start()).toEqual({
      code: 4,
      said: expect.stringMatching(
        /^packetlog: pin in .*: .* can be changed by other users \(mode 0777\)\. Restrict it to root/,
      ),
    });

    // As `mount -t bpf` creates it without options: every user may add entries, and rename their own.
    chmodSync(path, 0o1777);
    mkdirSync(ours, 0o700);
    chownSync(ours, UNPRIVILEGED_UID, UNPRIVILEGED_UID);
    const theirs = /^packetlog: use .*: it belongs to another user \(uid 65534\)\. Check its owner/;
    expect(await start()).toEqual({ code: 1, said: expect.stringMatching(theirs) });
    mkdirSync(join(ours, 'net_1'));
    const unload = suite.unload();
    expect(await unload.exited).toMatchObject({ code: 1 });
    expect(unload.stderr).toMatch(theirs);
    // Without permission to read the directory: root without CAP_DAC_OVERRIDE.
    const bound = ['--bounding-set=-dac_override,-dac_read_search', process.execPath, BIN, 'unload'];
    const denied = suite.own(startProcess(suite.network.server, 'setpriv', bound, { PACKETLOG_BPFFS: path }));
    expect(await denied.exited).toMatchObject({ code: 4 });
    expect(denied.stderr).toMatch(
      /\/packetlog: permission denied\. This process runs as root, but a capability is missing/,
    );
    rmdirSync(join(ours, 'net_1'));
    rmdirSync(ours);

    symlinkSync('/tmp', ours);
    lchownSync(ours, UNPRIVILEGED_UID, UNPRIVILEGED_UID);
    expect(await start()).toEqual({
      code: 1,
      said: expect.stringMatching(/^packetlog: use .*\/packetlog: it is a symbolic link or not a directory\./),
    });
    unlinkSync(ours);
  });
});

describe.skipIf(!requireRoot())('an environment without something that the loader needs', () => {
  const suite = eachWithNetwork({ ipv6: false });
  const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
  const NOT_IN_SYS = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /sys && exec "$@"', 'sh'];
  // The first process of the PID namespace simulates the machine: otherwise the mounts of the real one would be used.
  const MACHINE = ['unshare', '--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c'].concat(
    'mount -t tmpfs none /sys/fs && exec "$@"',
    'sh',
  );
  const NAMESPACE = 'the name of the other namespace';
  type Case = [what: string, through: string[], args: string[], code: number, words: string];
  // A chroot, or an administrator who disabled user namespaces: they cannot be created, so the case does not exist.
  const USER_NAMESPACE: Case[] =
    spawnSync('unshare', ['-r', 'true']).status === 0
      ? [
          [
            'a user namespace',
            ['unshare', '-r'],
            ['--iface', 'server0'],
            4,
            'Root of this user namespace has no privileges on the machine',
          ],
        ]
      : [];

  test.each<Case>([
    ['no /sys', NOT_IN_SYS, ['--iface', 'server0'], 6, 'not mounted at /sys. Mount them: mount -t sysfs sysfs /sys.'],
    ['no /sys', NOT_IN_SYS, ['unload'], 6, 'not mounted at /sys.'],
    [
      'no /sys/fs/bpf',
      MACHINE,
      ['--iface', 'server0', '--pin', 'always'],
      6,
      'there is no such directory: sysfs is not',
    ],
    [
      'no capability',
      POWERLESS,
      ['--netns', NAMESPACE, '--iface', 'x0'],
      4,
      'setns: EPERM (1): operation not permitted.',
    ],
    ['a file for a namespace', [], ['--netns', '/etc/passwd', '--iface', 'x0'], 5, 'it is not a network namespace.'],
    ['a PID namespace', [], ['--netns', '/proc/self/ns/pid', '--iface', 'x0'], 5, 'it is not a network namespace.'],
    ...USER_NAMESPACE,
  ])('%s: %j %j ends with exit code %i and words', async (_, through, args, code, words) => {
    const { server, client } = suite.network;
    const own = args.map((each) => (each === NAMESPACE ? client.name : each));
    const quiet = own.includes('unload') ? [] : ['--listen', 'off', '--print', 'none'];
    const state = mkdtempSync(join(tmpdir(), 'packetlog-state-'));
    const [file = '', ...rest] = [...through, process.execPath, BIN, ...own, ...quiet];
    const packetlog = suite.own(startProcess(server, file, rest, { PACKETLOG_STATE_DIR: state }));
    const exit = await packetlog.exited;
    rmSync(state, { recursive: true });
    expect({ ...exit, said: packetlog.stderr }).toEqual({ code, signal: null, said: expect.stringContaining(words) });
    expect(packetlog.stderr).not.toMatch(/Please report|\n +at /);
  });
});

describe.skipIf(!requireRoot())('at a terminal without escape sequences', () => {
  const suite = eachWithNetwork({ ipv6: false });

  test('records have no colours, and the log is text, even in a file', async () => {
    const { server, client, link } = suite.network;
    const state = mkdtempSync(join(tmpdir(), 'packetlog-state-'));
    const log = join(state, 'log');
    // A directory that cannot be created: the log has a line about it.
    const env = {
      TERM: 'dumb',
      NO_COLOR: '',
      PACKETLOG_STATE_DIR: '/proc/none',
      PACKETLOG_PIN: 'never',
      SHELL: '/bin/sh',
    };
    const command = `${process.execPath} ${BIN} --iface server0 --listen off 2>${log}`;
    const terminal = suite.own(startProcess(server, 'script', ['-qec', command, '/dev/null'], env));
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('Waiting for Ctrl-C'), { what: 'a start' });
    await sendUdp(client, { address: link.server.ipv4, count: 1, ports: [53] });
    await terminal.untilPrinted(/DST PORT: 53,/);
    expect(terminal.stdout).not.toContain('\u001b');
    expect(readFileSync(log, 'utf8')).toMatch(
      /^\d\d:\d\d:\d\d warn {2}Rules cannot be changed: no file can be stored in \/proc\. Name another/,
    );
    rmSync(state, { recursive: true });
  });
});

describe.skipIf(!requireRoot())('interfaces', () => {
  const suite = eachWithNetwork({ ipv6: false, links: 2 });
  const watched = async (...args: string[]) => {
    const packetlog = suite.own(
      startPacketlog(suite.network.server, { args: [...args, '--print', 'none', '--listen', 'off'] }),
    );
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await packetlog.end();
    return packetlog.stderr;
  };

  test('of all next hops of the default route are watched, and those of other default routes are named', async () => {
    const { server } = suite.network;
    const hops = 'nexthop via 192.0.2.1 dev server0 nexthop via 198.51.100.1 dev server1';
    await server.ip(`route add default ${hops}`);
    const both = await watched();
    expect(both).toContain('Watching server0 ');
    expect(both).toContain('Watching server1 ');
    expect(both).not.toContain('Not watched');

    await server.ip('route add default via 198.51.100.1 dev server1 metric 700', `route delete default ${hops}`);
    await server.ip('route add default via 192.0.2.1 dev server0 metric 100');
    const first = await watched();
    expect(first).not.toContain('Watching server1 ');
    expect(first).toContain(
      'Not watched, although a default route uses it: server1. Name all interfaces with --iface.',
    );
  });

  test('are found by long alternative names, by names as ip link prints them, and by names with commas', async () => {
    const { server } = suite.network;
    const long = 'an-alternative-name-of-server0';
    await server.ip(`link property add dev server0 altname ${long}`, 'link set server1 name ser,ver');
    const said = await watched('--iface', long, '--iface', String.raw`ser\,ver@if9`);
    expect(said).toContain('Watching server0 ');
    expect(said).toContain('Watching ser,ver ');
  });
});
