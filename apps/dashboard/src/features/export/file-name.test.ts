import { expect, it } from 'vitest';
import { exportName } from './file-name.ts';

const atMs = Date.UTC(2026, 0, 2, 14, 3, 22);

it.each([
  ['web-1', 'tcp dst port 443', 'packetlog_web-1_2026-01-02T14-03-22Z_tcp-dst-port-443.csv'],
  ['web-1', '', 'packetlog_web-1_2026-01-02T14-03-22Z.csv'],
  ['', 'len > 1000', 'packetlog_2026-01-02T14-03-22Z_len-above-1000.csv'],
  ['../../etc', 'src net 2001:db8::/32', 'packetlog_etc_2026-01-02T14-03-22Z_src-net-2001-db8-32.csv'],
  ['büro 7', '(tcp or udp)', 'packetlog_b-ro-7_2026-01-02T14-03-22Z_tcp-or-udp.csv'],
])('the name of an export of %s with the filter “%s”', (node, filter, name) => {
  expect(exportName('csv', { node, atMs, filter })).toBe(name);
});

it('the name is never longer than file systems allow', () => {
  const name = exportName('pcapng', { node: 'web', atMs, filter: 'host 203.0.113.7 or '.repeat(50) });
  expect(name.length).toBeLessThan(120);
  expect(name).toMatch(/[a-z0-9]\.pcapng$/);
});
