import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { gatherProtected, type ProtectedSources } from './protected-sources.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-protected-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const sources = (rest: Partial<ProtectedSources> = {}): ProtectedSources => ({
  procNet: directory,
  environment: {},
  operators: [],
  servedPort: undefined,
  protect: [],
  resolverFiles: [join(directory, 'resolv.conf')],
  sshConfig: join(directory, 'sshd_config'),
  portRangeFile: join(directory, 'ip_local_port_range'),
  ...rest,
});
const file = (name: string, text: string) => writeFileSync(join(directory, name), text);

it('finds no addresses where there are none', () => {
  expect(gatherProtected(sources())).toEqual([]);
});

it('names the operators: connected clients and the ssh client that runs the command', () => {
  const found = gatherProtected(
    sources({
      operators: ['::ffff:198.51.100.1', '127.0.0.1', '::1'],
      servedPort: 7411,
      environment: { SSH_CONNECTION: '203.0.113.9 50123 192.0.2.1 2222' },
    }),
  );
  expect(found).toEqual([
    { kind: 'operator', address: '198.51.100.1', ports: [22, 2222, 7411] },
    { kind: 'operator', address: '203.0.113.9', ports: [22, 2222, 7411] },
  ]);
});

it('names peers of ssh, also on the port in its configuration', () => {
  file('sshd_config', '#Port 22\nPort 2200\n');
  file(
    'tcp',
    `heading
   0: 0200A8C0:0016 077100CB:D431 01
   1: 0200A8C0:0898 087100CB:D431 01
   2: 0200A8C0:0050 097100CB:D431 01
`,
  );
  expect(gatherProtected(sources())).toEqual([
    { kind: 'ssh_peer', address: '203.0.113.7', ports: [22], to: ['192.168.0.2'] },
    { kind: 'ssh_peer', address: '203.0.113.8', ports: [2200], to: ['192.168.0.2'] },
  ]);
});

it('names gateways, name servers with the ports to which they reply, and the list', () => {
  file('ip_local_port_range', '20000\t30000\n');
  file('route', 'heading\neth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\n');
  file('resolv.conf', 'search example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\n');
  expect(gatherProtected(sources({ protect: ['198.51.100.0/24'] }))).toEqual([
    { kind: 'gateway', address: '192.168.2.1', ports: [] },
    { kind: 'dns', address: '192.0.2.53', ports: [20000, 25000, 30000] },
    { kind: 'dns', address: 'fe80::1', ports: [20000, 25000, 30000] },
    { kind: 'protect', address: '198.51.100.0/24', ports: [] },
  ]);
});
