import type { PacketLog } from '@packetlog/common';
import { ACTIONS, REASONS } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../test/support/samples.ts';
import { exactTime, packetRow } from './row-text.ts';

const names = (ifindex: number) => (ifindex === 2 ? 'eth0' : undefined);
const row = (over: Partial<PacketLog> = {}) => packetRow(makeBatch([makePacket(over)]), 0, names);

test('a TCP packet over IPv4 has the text of every column', () => {
  expect(row({ timestamp_ns: 1_767_362_602_118_345_678n })).toEqual({
    timeMs: expect.closeTo(1_767_362_602_118.345, 2),
    time: '14:03:22.118',
    verdict: 'permit',
    action: 'permit',
    src: { addr: '203.0.113.7', port: '50211', bracketed: false },
    dst: { addr: '198.51.100.1', port: '22', bracketed: false },
    service: 'ssh',
    protocol: 'TCP',
    ipProtocol: 6,
    detail: 'SYN',
    length: '74',
    interface: 'eth0',
    vlan: '—',
    etherType: 'IPv4',
    weight: '1',
    rule: '—',
    reason: '—',
    ruleId: 0,
  });
});

test('a timestamp has nanoseconds', () => {
  expect(exactTime(1_767_362_602_118_345_678n)).toBe('2026-01-02T14:03:22.118345678Z');
});

test('an IPv6 address is in brackets before a port', () => {
  const tcp = row({ src_addr: '2001:db8::1', ether_type: 0x86dd });
  expect(tcp.src).toEqual({ addr: '2001:db8::1', port: '50211', bracketed: true });
  const ping = row({ src_addr: '2001:db8::1', ether_type: 0x86dd, ip_protocol: 58, src_port: 0, dst_port: 128 * 256 });
  expect(ping.src).toEqual({ addr: '2001:db8::1', port: '', bracketed: false });
});

test('ICMP has the name of its type and no ports', () => {
  expect(row({ ip_protocol: 1, src_port: 0, dst_port: 3 * 256 + 3, tcp_flags: 0 })).toMatchObject({
    protocol: 'ICMP',
    detail: 'destination unreachable: port unreachable',
    dst: { addr: '198.51.100.1', port: '' },
  });
});

test('IPv6-ICMP is called ICMPv6', () => {
  expect(row({ ip_protocol: 58, dst_port: 135 * 256 }).protocol).toBe('ICMPv6');
});

test('a frame that is not IP has its Ethernet type and no addresses', () => {
  const arp = row({
    src_addr: '::',
    dst_addr: '::',
    ether_type: 0x0806,
    ip_protocol: 255,
    src_port: 0,
    dst_port: 0,
    tcp_flags: 0,
    reason: REASONS.not_ip,
  });
  expect(arp).toMatchObject({
    protocol: 'ARP',
    src: { addr: '—', port: '' },
    dst: { addr: '—', port: '' },
    detail: '—',
    reason: 'not IP',
  });
});

test.each(['fragment', 'truncated', 'rule', 'default_policy'] as const)(
  'with the reason %s a port that was not read is absent, not 0',
  (reason) => {
    expect(row({ src_port: 0, dst_port: 0, tcp_flags: 0, reason: REASONS[reason] }).src.port).toBe('');
  },
);

test('port 0 is shown', () => {
  expect(row({ src_port: 0 }).src.port).toBe('0');
  expect(row({ ip_protocol: 17, src_port: 0, dst_port: 0 }).dst.port).toBe('0');
});

test.each([
  [ACTIONS.permit, REASONS.none, 'permit'],
  [ACTIONS.deny, REASONS.rule, 'deny'],
  [ACTIONS.deny, REASONS.malformed, 'deny'],
  [ACTIONS.permit, REASONS.would_deny, 'would_deny'],
  [ACTIONS.permit, REASONS.malformed, 'malformed'],
  [ACTIONS.permit, REASONS.not_ip, 'permit'],
  [ACTIONS.aborted, REASONS.none, 'aborted'],
  [77, REASONS.none, 'aborted'],
] as const)('action %d with reason %d has the verdict %s', (action, reason, verdict) => {
  expect(row({ action, reason }).verdict).toBe(verdict);
});

test.each([
  [{ reason: REASONS.rule, rule_id: 12 }, 'rule 12'],
  [{ reason: REASONS.would_deny, rule_id: 7 }, 'rule 7 would deny'],
  [{ reason: REASONS.rule, rule_id: 4_000_000_012 }, 'banned'],
  [{ reason: REASONS.limit, rule_id: 7 }, 'over limit 7'],
  [{ reason: REASONS.would_limit, rule_id: 7 }, 'limit 7 would deny'],
  [{ reason: REASONS.default_policy }, 'default policy'],
  [{ weight: 8 }, '1 of 8'],
  [{ reason: REASONS.rule, rule_id: 3, weight: 8 }, 'rule 3, 1 of 8'],
] as const)('%o has the reason "%s"', (over, text) => {
  expect(row(over).reason).toBe(text);
});

test('a VLAN and a removed interface are shown', () => {
  expect(row({ vlan_id: 120, ifindex: 9 })).toMatchObject({ vlan: '120', interface: '#9' });
  expect(row({ vlan_id: 4096 }).vlan).toBe('0');
});
