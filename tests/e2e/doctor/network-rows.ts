/** Start-up failures of interfaces and network namespaces. All are real, in namespaces of the test. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../lab/command.ts';
import { compileBpf } from '../../lab/compile.ts';
import { openTun } from '../../lab/tun.ts';
import { type Means, makeDirectory, type Row } from './injection.ts';

const PASS = fileURLToPath(new URL('./pass.bpf.c', import.meta.url));

/** Pins a program of another tool, and returns the path of the pin. */
async function foreignProgram({ files, place }: Means): Promise<string> {
  const object = join(files, 'pass.o');
  await compileBpf(object, PASS);
  const pin = join(place.path, 'foreign_pass');
  await run('bpftool', ['prog', 'load', object, pin]);
  return pin;
}

async function attachForeign(means: Means, mode: 'xdpdrv' | 'xdpgeneric'): Promise<{ undo: () => Promise<void> }> {
  const { server } = means.network;
  const pin = await foreignProgram(means);
  await server.exec('bpftool', 'net', 'attach', mode, 'pinned', pin, 'dev', 'server0');
  return {
    undo: async () => {
      await server.exec('bpftool', 'net', 'detach', mode, 'dev', 'server0');
    },
  };
}

const NATIVE_REFUSED = {
  id: 'native_xdp',
  state: 'fail',
  finding: 'the driver has no native XDP',
  fix: 'Try --mode generic',
  run: 6,
} as const;

export const NETWORK_ROWS: readonly Row[] = [
  {
    what: 'an interface that does not exist',
    id: 'interface',
    state: 'fail',
    finding: 'watch nothere0: no such interface',
    fix: 'ip -br link',
    run: 5,
    inject: () => ({ args: ['--iface', 'nothere0'] }),
  },
  {
    what: 'an interface that does not exist yet, with --wait-for-interfaces',
    id: 'interface',
    state: 'warn',
    finding: 'Interface later0 does not exist yet',
    // The line at the start has other words than the notice, which follows within a second.
    shared: 'does not exist yet',
    fix: 'as soon as it appears',
    run: 'warns',
    inject: () => ({ args: ['--iface', 'later0', '--wait-for-interfaces'] }),
  },
  {
    what: 'no default route, and no --iface',
    id: 'interface',
    state: 'fail',
    finding: 'there is no default route',
    fix: 'Name one with --iface NAME',
    run: 5,
    inject: () => ({ args: ['--default-route'] }),
  },
  {
    what: 'an interface of another default route that is not watched',
    id: 'interface',
    state: 'warn',
    finding: 'Not watched, although a default route uses it: server1',
    fix: 'Name all interfaces with --iface.',
    run: 'warns',
    inject: async ({ network: { server } }) => {
      await server.ip(
        'route add default via 192.0.2.1 dev server0 metric 100',
        'route add default via 198.51.100.1 dev server1 metric 700',
      );
      return { args: ['--default-route'] };
    },
  },
  {
    what: 'an interface that is down',
    id: 'interface',
    state: 'warn',
    finding: 'server0 is down, so no packets arrive',
    fix: 'ip link set dev server0 up',
    run: 'warns',
    inject: async ({ network: { server } }) => {
      await server.ip('link set server0 down');
      return {};
    },
  },
  {
    what: 'an interface whose other end is down',
    id: 'interface',
    state: 'warn',
    finding: 'server0 has no carrier',
    fix: 'ip -d link show dev server0',
    run: 'warns',
    inject: async ({ network: { client } }) => {
      await client.ip('link set client0 down');
      return {};
    },
  },
  {
    what: 'the port of a bridge',
    id: 'membership',
    state: 'warn',
    finding: 'server0 is a port of the bridge bridge0',
    fix: '--iface bridge0',
    run: 'warns',
    inject: async ({ network: { server } }) => {
      await server.ip('link add bridge0 type bridge', 'link set bridge0 up', 'link set server0 master bridge0');
      return {};
    },
  },
  {
    what: 'an IFB, whose packets XDP never sees',
    id: 'link_type',
    state: 'fail',
    finding: 'watch ifb9: XDP never sees packets on an IFB',
    fix: 'watch another interface with --iface',
    run: 6,
    inject: async ({ network: { server } }) => {
      await server.ip('link add ifb9 type ifb', 'link set ifb9 up');
      return { args: ['--iface', 'ifb9'] };
    },
  },
  {
    what: 'native mode on a tun device',
    ...NATIVE_REFUSED,
    inject: async ({ network: { server } }) => {
      const tun = await openTun(server, { name: 'tun9', type: 'tun' });
      await server.ip('link set tun9 up');
      return { args: ['--iface', 'tun9', '--mode', 'native'], undo: () => tun.close() };
    },
  },
  {
    what: 'native mode on the loopback device',
    ...NATIVE_REFUSED,
    inject: () => ({ args: ['--iface', 'lo', '--mode', 'native'] }),
  },
  {
    what: 'native mode on a veth with fewer queues than its peer',
    id: 'native_xdp',
    state: 'fail',
    finding: 'the device has fewer queues than native XDP needs (ENOSPC)',
    fix: 'Try --mode generic',
    run: 6,
    inject: async ({ network: { server } }) => {
      const ends = 'link add few0 numrxqueues 1 numtxqueues 1 type veth peer name many0 numrxqueues 4 numtxqueues 4';
      await server.ip(ends, 'link set few0 up', 'link set many0 up');
      await server.exec('ethtool', '-L', 'many0', 'tx', '4', 'rx', '4').catch(() => undefined);
      return { args: ['--iface', 'few0', '--mode', 'native'] };
    },
  },
  {
    what: 'another tool’s program in native mode',
    id: 'xdp_program',
    state: 'fail',
    finding: '"other_tool" (native, since',
    fix: 'ip link set dev server0 xdp off',
    run: 3,
    // Only root may ask the kernel for its name.
    shared: 'is there and was left alone. See what it is: packetlog doctor --iface server0, as root.',
    inject: (means) => attachForeign(means, 'xdpdrv'),
  },
  {
    what: 'another tool’s program in generic mode, with the pin that keeps it',
    id: 'xdp_program',
    state: 'fail',
    finding: '/foreign_pass, and was left alone',
    fix: 'ip link set dev server0 xdpgeneric off',
    run: 3,
    // Only root may ask the kernel for its name.
    shared: 'is there and was left alone. See what it is: packetlog doctor --iface server0, as root.',
    inject: (means) => attachForeign(means, 'xdpgeneric'),
  },
  {
    what: 'another loader on the interface',
    id: 'xdp_program',
    state: 'fail',
    finding: '(native, since',
    fix: 'Another packetlog, with pid',
    run: 3,
    shared: 'Another packetlog, with pid',
    inject: async ({ otherLoader }) => {
      await otherLoader({ args: ['--iface', 'server0', '--mode', 'native'] });
      return {};
    },
  },
  {
    what: 'a network namespace that does not exist',
    id: 'namespace',
    state: 'fail',
    finding: 'enter network namespace /run/netns/plt-nothere',
    fix: 'ip netns list',
    run: 5,
    inject: () => ({ args: ['--netns', 'plt-nothere'] }),
  },
  {
    what: 'a file for a network namespace',
    id: 'namespace',
    state: 'fail',
    finding: 'it is not a network namespace',
    fix: 'ip netns list',
    run: 5,
    inject: () => ({ args: ['--netns', '/etc/passwd'] }),
  },
  {
    what: 'a network namespace that this process may not enter',
    id: 'namespace',
    state: 'fail',
    finding: 'setns: EPERM (1): operation not permitted',
    fix: 'a capability is missing',
    run: 4,
    inject: ({ network: { client } }) => ({
      args: ['--netns', client.name],
      through: ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin'],
    }),
  },
  {
    what: 'the leftover program of a loader with another --ring-size',
    id: 'pins',
    state: 'warn',
    finding: 'Rings, counters and levels of limits start empty',
    shared:
      'Rings, counters and levels of limits start empty, because the previous loader had another version, --transport or --ring-size',
    fix: 'packetlog unload',
    run: 'warns',
    inject: async ({ otherLoader, place }) => {
      const env = { PACKETLOG_BPFFS: place.path, PACKETLOG_PIN: 'always' };
      const other = makeDirectory();
      const args = ['--iface', 'server0', '--pin', 'always'];
      const loader = await otherLoader({
        args: [...args, '--ring-size', '64KiB'],
        env: { ...env, PACKETLOG_STATE_DIR: other.path },
      });
      await loader.end('SIGKILL');
      // The next loader removes the pins when it ends.
      return { args: ['--bpf-fs', place.path, '--ring-size', '128KiB', '--pin', 'auto'], undo: other.remove };
    },
  },
];
