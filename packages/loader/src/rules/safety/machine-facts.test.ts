import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { gatherFacts } from './machine-facts.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'packetlog-facts-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const LISTEN = '0A';
const OPEN = '01';
const UNCONNECTED = '07';
const ANY6 = '0'.repeat(32);
const row = (local: string, remote: string, state: string, inode: number) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0`;
const file = (path: string, text: string) => {
  const at = join(root, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text);
};
const table = (name: string, ...lines: string[]) => file(`net/${name}`, `${[HEAD, ...lines].join('\n')}\n`);
const NAMES = new Map([
  [1, 'sshd'],
  [4, 'curl\u001b[31m'],
  [7, 'bird'],
]);
const facts = (names = NAMES) =>
  gatherFacts({
    procNet: join(root, 'net'),
    servedPort: 7411,
    owners: async (inodes) => new Map([...names].filter(([inode]) => inodes.has(inode))),
    root,
  });

it('without any file there are no facts but the default range of ports', async () => {
  expect(await facts()).toEqual({
    services: [],
    connections: [],
    replyPorts: { from: 32_768, to: 60_999 },
    timeServers: { addresses: [], names: [] },
    usesDhcp: { ipv4: false, ipv6: false },
    hasIpv6: false,
    forwards: false,
    hasOnlyLocalResolvers: false,
  });
});

it('services are what any peer reaches; connections those that this machine opened', async () => {
  table(
    'tcp',
    row('00000000:0016', '00000000:0000', LISTEN, 1),
    row('0100007F:1F90', '00000000:0000', LISTEN, 2),
    row('00000000:1CF3', '00000000:0000', LISTEN, 3),
    // 192.0.2.2:40000 to 198.51.100.7:443; a client of port 22; a connection to 127.0.0.1.
    row('020200C0:9C40', '076433C6:01BB', OPEN, 4),
    row('020200C0:0016', '086433C6:C001', OPEN, 5),
    row('0100007F:9C41', '0100007F:1F90', OPEN, 6),
  );
  table('tcp6', row(`${ANY6}:0016`, `${ANY6}:0000`, LISTEN, 1));
  table('udp', row('00000000:14E9', '00000000:0000', UNCONNECTED, 9));
  table(
    'raw',
    row('00000000:0059', '00000000:0000', UNCONNECTED, 7),
    row('00000000:0001', '00000000:0000', UNCONNECTED, 8),
  );
  const { services, connections } = await facts();
  expect(services).toEqual([
    { ipProtocol: 6, port: 22, process: 'sshd' },
    { ipProtocol: 6, port: 7411, process: 'packetlog' },
    { ipProtocol: 6, port: 22, process: 'sshd' },
    { ipProtocol: 17, port: 5353, process: undefined },
    { ipProtocol: 89, port: undefined, process: 'bird' },
  ]);
  expect(connections).toEqual([
    { ipProtocol: 6, localPort: 40_000, addr: '198.51.100.7', port: 443, process: 'curl?[31m' },
  ]);
});

it('DHCP is used if its port is open, a lease exists, or a packet socket waits for IPv4', async () => {
  const used = async () => (await facts()).usesDhcp;
  table('udp6', row(`${ANY6}:0222`, `${ANY6}:0000`, UNCONNECTED, 1));
  expect(await used()).toEqual({ ipv4: false, ipv6: true });
  file('var/lib/dhcp/dhclient.leases', '');
  expect((await used()).ipv4).toBe(false);
  file('net/packet', 'sk RefCnt Type Proto  Iface R Rmem   User   Inode\nffff 3 3 0003 2 1 0 0 123\n');
  expect((await used()).ipv4).toBe(false);
  for (const [path, text] of [
    ['net/packet', 'sk RefCnt Type Proto  Iface R Rmem   User   Inode\nffff 3 3 0800 2 1 0 0 123\n'],
    ['run/systemd/netif/leases/2', 'ADDRESS=192.0.2.2\n'],
    ['net/udp', `${HEAD}\n${row('020200C0:0044', '00000000:0000', UNCONNECTED, 1)}\n`],
  ] as const) {
    file(path, text);
    expect((await used()).ipv4, path).toBe(true);
    rmSync(join(root, path));
  }
});

it('finds time servers, the range of ports, IPv6, forwarding and resolvers of this machine', async () => {
  file('etc/chrony/chrony.conf', '# server 192.0.2.9\npool pool.example.org iburst\nserver 192.0.2.123 iburst\n');
  file('etc/systemd/timesyncd.conf', '[Time]\nNTP=ntp.example.org 2001:db8:0::123\n#NTP=ignored.example.org\n');
  table('udp', row('020200C0:9C40', '0A0200C0:007B', OPEN, 1));
  file('proc/sys/net/ipv4/ip_local_port_range', '20000\t29999\n');
  file('proc/sys/net/ipv6/conf/all/forwarding', '1\n');
  file('net/if_inet6', '00000000000000000000000000000001 01 80 10 80       lo\n');
  file('etc/resolv.conf', 'nameserver 127.0.0.1\nnameserver ::1\n');
  expect(await facts()).toMatchObject({
    timeServers: {
      addresses: ['192.0.2.123', '2001:db8::123', '192.0.2.10'],
      names: ['pool.example.org', 'ntp.example.org'],
    },
    replyPorts: { from: 20_000, to: 29_999 },
    hasIpv6: false,
    forwards: true,
    hasOnlyLocalResolvers: true,
  });
  file('net/if_inet6', 'fe800000000000000000000000000001 02 40 20 80     eth0\n');
  file('run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.53\n');
  expect(await facts()).toMatchObject({ hasIpv6: true, hasOnlyLocalResolvers: false });
});
