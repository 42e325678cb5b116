import { parseNetwork, unmapped } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { LiveConnections } from './live-connections.ts';

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, remote: string, state = '01') =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 3811 1 0000 20 4 30 10 -1\n`;
// 203.0.113.7, port 40000; the local end is 192.0.2.1, port 443.
const WEB = row('010200C0:01BB', '077100CB:9C40');
const MAPPED = row('0000000000000000FFFF0000010200C0:0016', '0000000000000000FFFF0000087100CB:9C41');
// 2001:db8:1:2::9
const IPV6 = row('B80D0120000000000000000001000000:0050', 'B80D0120020001000000000009000000:9C42');
const table = (...rows: string[]) => HEADER + rows.join('');
const oldest = (live: LiveConnections, source: string, nowMs: number) =>
  live.oldest(unmapped(parseNetwork(source)), 60_000, nowMs);

describe('the connections of a source', () => {
  it('are old a minute after they were seen first', () => {
    const live = new LiveConnections();
    live.update([table()], 0);
    live.update([table(WEB), table(MAPPED, IPV6)], 5000);
    expect(oldest(live, '203.0.113.7', 64_999)).toBeUndefined();
    live.update([table(WEB), table(MAPPED, IPV6)], 64_000);
    expect(oldest(live, '203.0.113.7', 65_000)).toEqual({ localPort: 443, ageMs: 60_000 });
    expect(oldest(live, '203.0.113.8', 65_000)).toEqual({ localPort: 22, ageMs: 60_000 });
    expect(oldest(live, '2001:db8:1:2::/64', 65_000)).toEqual({ localPort: 80, ageMs: 60_000 });
    expect(oldest(live, '2001:db8:1:3::/64', 65_000)).toBeUndefined();
    expect(oldest(live, '203.0.113.9', 65_000)).toBeUndefined();
  });

  it('are found in networks of any length', () => {
    const live = new LiveConnections();
    live.update([table()], 0);
    live.update([table(WEB), table(IPV6)], 0);
    const found = (source: string) => oldest(live, source, 60_000) !== undefined;
    expect(['203.0.113.0/24', '203.0.112.0/23', '203.0.113.6/31', '2001:db8::/32', '2001:db8::/47'].map(found)).toEqual(
      Array(5).fill(true),
    );
    expect(['203.0.112.0/24', '203.0.113.4/31', '2001:db9::/32', '2001:db8:2::/48'].map(found)).toEqual(
      Array(4).fill(false),
    );
  });

  it('that were open before the first read are old, and say so', () => {
    const live = new LiveConnections();
    live.update([table(WEB), ''], 1000);
    expect(oldest(live, '203.0.113.7', 1000)).toEqual({ localPort: 443, ageMs: undefined });
  });

  it('begin again after they ended, or with another port', () => {
    const live = new LiveConnections();
    live.update([table()], 0);
    live.update([table(WEB)], 0);
    live.update([table(WEB.replace('9C40', '9C50'))], 61_000);
    live.update([table(WEB.replace('9C40', '9C50'))], 62_000);
    expect(oldest(live, '203.0.113.7', 62_000)).toBeUndefined();
  });

  it('count only while they are established', () => {
    const live = new LiveConnections();
    live.update([table()], 0);
    live.update([table(WEB.replace(' 01 ', ' 06 '), WEB.replace(' 01 ', ' 03 '))], 0);
    expect(oldest(live, '203.0.113.7', 90_000)).toBeUndefined();
  });

  it('are read from the tables of this machine, and from text that is cut short', () => {
    const live = new LiveConnections();
    for (let length = 0; length <= WEB.length; length++)
      live.update([HEADER.slice(0, length) + WEB.slice(0, length)], 0);
    live.update(['', 'x', '\n', '::: : :\n: : : 01 '], 0);
    expect(oldest(live, '203.0.113.7', 90_000)).toBeUndefined();
  });
});
