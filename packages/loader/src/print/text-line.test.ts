import { encodePacketLog, type PacketLog, PacketLogView, REASONS } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { printableName } from '../system/interface-name.ts';
import { TextLines } from './text-line.ts';

const https: PacketLog = {
  timestamp_ns: 1_700_000_000_123_456_789n,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.7',
  rule_id: 0,
  ifindex: 3,
  length: 74,
  weight: 1,
  src_port: 443,
  dst_port: 50_000,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 0x12,
  action: 2,
  reason: 0,
};

function line(
  change: Partial<PacketLog> = {},
  options: { colour?: boolean; name?: string; lines?: TextLines } = {},
): string {
  const view = new PacketLogView(encodePacketLog({ ...https, ...change }), { count: 1, stride: 64, recordOffset: 0 });
  const { colour = false, name = 'eth0', lines = new TextLines({ colour, showInterface: true }) } = options;
  return lines.line(view, 0, name);
}

const words = (text: string) => text.replace(/ +/g, ' ');

describe('a text line', () => {
  it('shows source address, source port and action in the format of the tutorial', () => {
    expect(line()).toContain('SRC IP: 192.0.2.1, SRC PORT: 443');
    expect(line()).toContain('ACTION: permit');
  });

  it('begins with the local time to the microsecond', () => {
    const [, time = ''] = /^(\d\d:\d\d:\d\d)\.123456 /.exec(line()) ?? [];
    expect(time).toBe(new Date(1_700_000_000_000).toTimeString().slice(0, 8));
    expect(line({ timestamp_ns: 1_700_000_059_000_001_000n })).toMatch(/^\d\d:\d\d:\d\d\.00000[01] /);
  });

  it.each<[string, Partial<PacketLog>, string]>([
    ['TCP with flags', {}, 'PROTO: TCP, FLAGS: S., IFACE: eth0, LEN: 74, ACTION: permit'],
    ['TCP without flags', { tcp_flags: 0 }, 'PROTO: TCP, FLAGS: none,'],
    ['UDP', { ip_protocol: 17 }, 'DST IP: 198.51.100.7, DST PORT: 50000, PROTO: UDP, IFACE'],
    ['IPv6', { src_addr: '2001:db8::1', ether_type: 0x86dd }, 'SRC IP: 2001:db8::1, SRC PORT: 443,'],
    [
      'ICMP, which has no ports',
      { ip_protocol: 1, src_port: 0, dst_port: 0x0800 },
      'SRC PORT: -, DST IP: 198.51.100.7, DST PORT: -, PROTO: ICMP echo request,',
    ],
    [
      'a later fragment of ICMP, whose type is unknown',
      { ip_protocol: 1, dst_port: 0, reason: REASONS.fragment },
      'PROTO: ICMP, IFACE',
    ],
    [
      'what is not IP',
      { ip_protocol: 255, ether_type: 0x0806, reason: REASONS.not_ip },
      'SRC IP: -, SRC PORT: -, DST IP: -, DST PORT: -, PROTO: ARP, IFACE',
    ],
    ['a denied packet', { action: 1, reason: REASONS.rule }, 'ACTION: deny, REASON: rule'],
    ['an aborted one', { action: 0 }, 'ACTION: aborted'],
    ['a permitted one with a remark', { reason: REASONS.truncated }, 'ACTION: permit, REASON: truncated'],
    ['a priority tag', { vlan_id: 4096 }, 'ACTION: permit, VLAN: priority tag (VLAN id 0)'],
    ['a VLAN and a sampled record', { vlan_id: 42, weight: 100 }, 'ACTION: permit, VLAN: 42, 1 OF 100'],
    ['codes of a later version', { action: 9, reason: 200 }, 'ACTION: unknown, REASON: unknown'],
  ])('shows %s', (_, change, text) => {
    expect(words(line(change))).toContain(text);
  });

  it('is one line without escape codes if colour is off', () => {
    for (let reason = 0; reason < 12; reason++) {
      for (let action = 0; action < 4; action++) expect(line({ reason, action })).toMatch(/^[\x20-\x7e]+$/);
    }
  });

  it('has the same text with colour', () => {
    const coloured = line({ action: 1, reason: REASONS.rule }, { colour: true });
    expect(coloured).toContain('\u001b[31mACTION: deny, REASON: rule\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(line({ action: 1, reason: REASONS.rule }));
  });

  it('escapes control characters in an interface name', () => {
    expect(line({}, { name: printableName('\u001b[31mx\u0007') })).toContain('IFACE: \\x1b[31mx\\x07,');
  });

  it('keeps its columns aligned after a long value', () => {
    const lines = new TextLines({ colour: false, showInterface: true });
    const long = { src_addr: '2001:db8:1111::6666', dst_addr: '2001:db8:1111::7777' };
    const column = (text: string) => text.indexOf('ACTION:');
    const before = column(line({}, { lines }));
    const during = column(line(long, { lines }));
    expect(during).toBeGreaterThan(before);
    expect(column(line({}, { lines }))).toBe(during);
  });

  it('does not widen every line after one long address', () => {
    const lines = new TextLines({ colour: false, showInterface: false });
    const full = '2001:db8:1111:2222:3333:4444:5555:6666';
    line({ src_addr: full, dst_addr: full }, { lines });
    expect(line({}, { lines }).length).toBeLessThanOrEqual(160);
  });

  it('omits the interface if only one is watched', () => {
    const lines = new TextLines({ colour: false, showInterface: false });
    expect(line({}, { lines })).not.toContain('IFACE');
  });
});
