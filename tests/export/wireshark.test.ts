/** pcapng files of rebuilt headers in Wireshark's hands: it finds no fault, and what it filters and saves stays whole. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACTIONS, encodeBatch, type PacketLog, PacketLogBatch, PcapngEncoder, REASONS } from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BASE: PacketLog = {
  timestamp_ns: 1_700_000_000_123_456_789n,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.2',
  rule_id: 0,
  ifindex: 2,
  length: 54,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 0x02,
  action: ACTIONS.permit,
  reason: REASONS.none,
};
const V6 = { ether_type: 0x86dd, src_addr: '2001:db8::1', dst_addr: '2001:db8::2' };
const UDP = { ip_protocol: 17, tcp_flags: 0, length: 42 };
const ICMP = { src_port: 0, tcp_flags: 0 };
const DENIED = { action: ACTIONS.deny, reason: REASONS.rule, rule_id: 3 };

/** Whole headers without a payload, so that every checksum can be checked, and longer packets, of which it cannot. */
const records: PacketLog[] = [
  ...[0x02, 0x12, 0x10, 0x18, 0x11, 0x04].flatMap((tcp_flags) => [{ tcp_flags }, { ...V6, tcp_flags, length: 74 }]),
  UDP,
  { ...UDP, ...V6, length: 62 },
  { ...UDP, length: 1514 },
  { ...UDP, ...V6, length: 1514 },
  { ...UDP, ip_protocol: 136 },
  { ...UDP, ...V6, ip_protocol: 136, length: 62 },
  { ...ICMP, ip_protocol: 1, dst_port: 0x0800, length: 98 },
  { ...ICMP, ...V6, ip_protocol: 58, dst_port: 0x8000, length: 118 },
  { ...ICMP, ip_protocol: 132, src_port: 5000, length: 62 },
  { ...DENIED },
  { ...DENIED, ...UDP, ...V6, length: 62, weight: 16 },
  { reason: REASONS.would_deny, rule_id: 4 },
  { action: ACTIONS.deny, reason: REASONS.default_policy },
  { vlan_id: 100 },
  { vlan_id: 4096 },
  { reason: REASONS.fragment, ...UDP, src_port: 0, dst_port: 0, length: 1514 },
  { reason: REASONS.fragment, ...UDP, ...V6, src_port: 0, dst_port: 0, length: 1514 },
  { ether_type: 0x0806, src_addr: '::', dst_addr: '::', ip_protocol: 255, src_port: 0, dst_port: 0, length: 60 },
].map((fields, i) => ({ ...BASE, ...fields, ifindex: 2 + (i % 2), timestamp_ns: BASE.timestamp_ns + BigInt(i) }));

/** Types of the blocks, each of which must say its length at both ends. */
function blockTypes(file: Uint8Array): number[] {
  const data = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const types: number[] = [];
  for (let at = 0; at < file.length; at += data.getUint32(at + 4, true)) {
    const length = data.getUint32(at + 4, true);
    expect(data.getUint32(at + length - 4, true)).toBe(length);
    types.push(data.getUint32(at, true));
  }
  return types;
}

describe('tshark', () => {
  let directory: string;
  let file: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-wireshark-'));
    file = join(directory, 'all.pcapng');
    const encoder = new PcapngEncoder((ifindex) => `eth${ifindex}`);
    const view = PacketLogBatch.from(encodeBatch({}, records));
    for (const i of records.keys()) encoder.add(view, i);
    writeFileSync(file, encoder.take());
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const tshark = (...args: string[]) => execFileSync('tshark', ['-n', ...args], { encoding: 'utf8', stdio: 'pipe' });
  const read = (path: string, filter = '') => {
    const fields = ['frame.time_epoch', 'frame.len', 'frame.interface_name', 'frame.comment', 'ip.src', 'ipv6.src'];
    const ports = ['tcp.dstport', 'udp.dstport', 'vlan.id', 'ip.proto'];
    const wanted = [...fields, ...ports].flatMap((name) => ['-e', name]);
    return tshark('-r', path, '-Y', filter, '-T', 'fields', ...wanted)
      .replace(/\n$/, '')
      .split('\n');
  };

  test.each(['', 'frame.comment contains "deny"', 'tcp.dstport == 443', 'ipv6', 'udp && !ipv6'])(
    'filters by %j and saves a file in which every packet is as before',
    (filter) => {
      const saved = join(directory, 'saved.pcapng');
      tshark('-r', file, '-Y', filter, '-w', saved);
      const lines = read(file, filter);
      expect(lines.length).toBeGreaterThan(1);
      expect(read(saved)).toEqual(lines);
      expect(blockTypes(readFileSync(saved)).filter((type) => type === 6)).toHaveLength(lines.length);
    },
  );

  test('reads every packet, with its verdict in words where it says something', () => {
    const lines = read(file);
    expect(lines).toHaveLength(records.length);
    const comments = lines.map((line) => line.split('\t')[3]).filter((comment) => comment !== '');
    expect(comments).toEqual([
      'action deny, reason rule, rule 3',
      'action deny, reason rule, rule 3, stands for 16 packets',
      'reason would_deny, rule 4',
      'action deny, reason default_policy',
      'reason fragment',
      'reason fragment',
    ]);
  });

  test('has nothing to remark about windows, checksums, lengths or times to live', () => {
    const checked = ['ip', 'tcp', 'udp', 'udplite'].flatMap((name) => {
      const preference = name === 'udplite' ? 'udplite.check_checksum' : `${name}.check_checksum`;
      return ['-o', `${preference}:TRUE`];
    });
    const remarks = tshark(...checked, '-r', file, '-q', '-z', 'expert');
    expect(remarks).not.toMatch(/zero ?window|checksum|illegal|malformed|length|time to live|bogus/i);
  });
});
