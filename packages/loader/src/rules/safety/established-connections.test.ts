import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { establishedConnections, ipv4Gateways, ipv6Gateways } from './established-connections.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0 100 0 0 10 0
   1: 0200A8C0:0016 077100CB:D431 01 00000000:00000000 02:00000000 00000000     0        0 1235 2 0 20 4 30 10 -1
   2: 0200A8C0:0016 087100CB:D432 06 00000000:00000000 02:00000000 00000000     0        0 1236 2 0 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 0000000000000000FFFF00000200A8C0:0016 0000000000000000FFFF0000077100CB:D431 01 00000000:00000000
   1: B80D0120000000000000000002000000:1F90 B80D0120000000000000000001000000:D431 01 00000000:00000000
`;

describe('establishedConnections', () => {
  it('returns peers and local ports of established connections only', () => {
    expect(establishedConnections(TCP)).toEqual([{ local: '192.168.0.2', localPort: 22, peer: '203.0.113.7' }]);
  });

  it('reads IPv6, and the IPv4 peers of sockets that take both', () => {
    expect(establishedConnections(TCP6)).toEqual([
      { local: '192.168.0.2', localPort: 22, peer: '203.0.113.7' },
      {
        local: '2001:0db8:0000:0000:0000:0000:0000:0002',
        localPort: 8080,
        peer: '2001:0db8:0000:0000:0000:0000:0000:0001',
      },
    ]);
  });

  it.each([
    ['IPv4', '127.0.0.1', 'tcp', '127.0.0.1'],
    ['IPv6', '::1', 'tcp6', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ])('finds a real connection over %s in the running kernel’s table', async (_, host, table, peer) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { connect } = await import('node:net');
    const accepted = new Promise((resolve) => server.once('connection', resolve));
    const client = connect(port, host);
    try {
      await accepted;
      const connections = establishedConnections(readFileSync(`/proc/net/${table}`, 'utf8'));
      expect(connections).toContainEqual({ local: peer, localPort: port, peer });
    } finally {
      client.destroy();
      server.close();
    }
  });

  it('finds nothing in empty text', () => {
    expect(establishedConnections('')).toEqual([]);
  });
});

describe('gateways', () => {
  it('are those of default routes over IPv4', () => {
    const text = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t200\t00000000\t0\t0\t0
eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
    expect(ipv4Gateways(text)).toEqual(['192.168.2.1']);
  });

  it('are those of default routes over IPv6', () => {
    const zero = '0'.repeat(32);
    const text = `${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
20010db8000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo
`;
    expect(ipv6Gateways(text)).toEqual(['fe80:0000:0000:0000:0000:0000:0000:0001']);
  });
});
