import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { compileFilter } from '../filter/compile.ts';
import { formatFilter } from '../filter/format.ts';
import { parseFilter } from '../filter/parse.ts';
import { ACTIONS, PACKET_LOG_FIELDS, REASONS } from '../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { type ExplainedKey, explainPacket } from './explain.ts';

const SYN: PacketLog = {
  timestamp_ns: 1_900_000_000_118_493_001n,
  src_addr: '203.0.113.7',
  dst_addr: '10.0.0.1',
  rule_id: 0,
  ifindex: 2,
  length: 74,
  weight: 1,
  src_port: 50_211,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 0x02,
  action: ACTIONS.permit,
  reason: REASONS.none,
};

function field(changes: Partial<PacketLog>, key: ExplainedKey) {
  return explainPacket({ ...SYN, ...changes }, 'eth0').find((each) => each.key === key);
}

describe('explainPacket', () => {
  it('explains each field of a SYN', () => {
    const lines = explainPacket(SYN, 'eth0').map(({ label, value, sentence }) => `${label}: ${value} | ${sentence}`);
    expect(lines).toEqual([
      'time: 2030-03-17T17:46:40.118493001Z | When it reached the hook, in UTC.',
      'verdict: permit | Passed to the network stack.',
      'reason: none | No rule matched, and nothing unusual was found.',
      'source: 203.0.113.7 | Reserved for documentation; not routable.',
      'source port: 50211 | An ephemeral port, as clients use for one connection.',
      'destination: 10.0.0.1 | A private range, unique only within its network.',
      'destination port: 443 | The default port of https; another service may use it.',
      'protocol: TCP (6) | A reliable, ordered byte stream.',
      'TCP flags: SYN | It opens a connection.',
      'Ethernet type: IPv4 (0x0800) | ',
      'VLAN: none | No tag, or the network card removed it before the hook.',
      'length: 74 bytes | The whole frame at the hook, with its Ethernet header.',
      'interface: eth0 | Where it arrived.',
      'weight: 1 | This row represents one packet: nothing was sampled.',
    ]);
  });

  it.each<[what: string, changes: Partial<PacketLog>, key: ExplainedKey, value: string, sentence: RegExp]>([
    ['who denied', { action: ACTIONS.deny, reason: REASONS.rule, rule_id: 12 }, 'rule', '12', /decided/],
    ['that it was dropped', { action: ACTIONS.deny, reason: REASONS.rule }, 'action', 'deny', /Denied before/],
    ['that the program failed', { action: ACTIONS.aborted }, 'action', 'aborted', /program failed/],
    ['an action to come', { action: 9 }, 'action', 'unknown', /unknown to this version/],
    ['an observe rule', { reason: REASONS.would_deny, rule_id: 3 }, 'reason', 'would deny', /observe rule/],
    ['the default', { reason: REASONS.default_policy }, 'reason', 'default policy', /default policy/],
    ['a code to come', { reason: 200 }, 'reason', 'unknown', /200/],
    ['sampling', { weight: 64 }, 'weight', '1 of 64', /recorded 1 of 64/],
    ['a tag', { vlan_id: 10 }, 'vlan', '10', /outer tag/],
    ['a priority tag', { vlan_id: 4096 }, 'vlan', 'priority tag (VLAN id 0)', /names no VLAN/],
    ['where lengths end', { length: 65_535 }, 'length', '65535 bytes', /or more/],
    ['a short frame', { length: 42 }, 'length', '42 bytes', /virtual interface/],
    ['a port of no service', { dst_port: 31_337 }, 'destination_port', '31337', /No well-known/],
    ['port 0', { dst_port: 0 }, 'destination_port', '0', /Reserved/],
    ['ECN', { tcp_flags: 0xc2 }, 'tcp_flags', 'SYN ECE CWR', /opens a connection/],
    ['a null scan', { tcp_flags: 0 }, 'tcp_flags', 'none', /no valid sender/],
    ['an echo', { ip_protocol: 1, src_port: 0, dst_port: 0x0800 }, 'icmp', 'echo request', /Type 8, code 0/],
    [
      'ICMPv6',
      { ip_protocol: 58, ether_type: 0x86dd, src_addr: 'fe80::1', src_port: 0, dst_port: 135 << 8 },
      'icmp',
      'neighbor solicitation',
      /Type 135/,
    ],
    ['ARP', { ether_type: 0x0806, ip_protocol: 255, reason: REASONS.not_ip }, 'ether_type', 'ARP (0x0806)', /link/],
    ['spanning tree', { ether_type: 39, ip_protocol: 255 }, 'ether_type', '802.3 (0x0027)', /length/],
    ['what it does not know', { ether_type: 0x1234, ip_protocol: 255 }, 'ether_type', '0x1234 (0x1234)', /Not IP/],
  ])('explains %s', (_, changes, key, value, sentence) => {
    expect(field(changes, key)).toMatchObject({ value, sentence: expect.stringMatching(sentence) });
  });

  it.each<[sentence: string, changes: Partial<PacketLog>]>([
    ['The frame ends inside its Ethernet header.', { ether_type: 0x8100, ip_protocol: 255 }],
    [
      'The frame ends inside its IPv4 header.',
      { src_addr: '::', dst_addr: '::', ip_protocol: 255, src_port: 0, dst_port: 0 },
    ],
    [
      'The frame ends inside its IPv6 header.',
      { ether_type: 0x86dd, src_addr: '::', dst_addr: '::', ip_protocol: 255, src_port: 0, dst_port: 0 },
    ],
    [
      'The frame ends inside its IPv6-Opts header.',
      { ether_type: 0x86dd, src_addr: '2001:db8::1', ip_protocol: 60, src_port: 0, dst_port: 0 },
    ],
    ['The datagram ends inside its TCP header, or the frame was cut there.', { src_port: 0, dst_port: 0 }],
    ['The datagram ends inside its TCP header, or the frame was cut there.', { length: 109 }],
    ['The datagram ends inside its TCP header. What follows in the frame is padding.', { length: 110 }],
    [
      'The datagram ends inside its UDP header, or the frame was cut there.',
      { ether_type: 0x86dd, src_addr: '2001:db8::1', ip_protocol: 17, length: 1514 },
    ],
  ])('explains where a truncated packet ends: %s', (sentence, changes) => {
    expect(field({ ...changes, reason: REASONS.truncated }, 'reason')?.sentence).toBe(sentence);
  });

  it('shows the fields that were read of an incomplete or contradictory header', () => {
    expect(field({ reason: REASONS.truncated }, 'destination_port')).toMatchObject({ value: '443' });
    expect(field({ reason: REASONS.truncated }, 'tcp_flags')).toMatchObject({ value: 'SYN' });
    const malformed = { reason: REASONS.malformed, src_port: 0, dst_port: 0, tcp_flags: 0 };
    expect(field(malformed, 'destination_port')).toMatchObject({ value: '0' });
    expect(field({ ip_protocol: 1, dst_port: 0x0800, reason: REASONS.truncated }, 'icmp')).toMatchObject({
      value: 'echo request',
    });
  });

  it('names the fields that were not read, and offers no filter for them', () => {
    const fragment = { reason: REASONS.fragment, src_port: 0, dst_port: 0, tcp_flags: 0 };
    for (const key of ['source_port', 'destination_port', 'tcp_flags'] as const) {
      expect(field(fragment, key)).toEqual(
        expect.objectContaining({ value: '', sentence: expect.stringContaining('Not read') }),
      );
      expect(field(fragment, key)).not.toHaveProperty('filter');
    }
    const cut = { reason: REASONS.truncated, src_addr: '::', dst_addr: '::', src_port: 0, dst_port: 0 };
    expect(field(cut, 'source')).toMatchObject({ value: '', sentence: expect.stringContaining('could not be read') });
    expect(field({ ip_protocol: 1, reason: REASONS.fragment, dst_port: 0 }, 'icmp')).toMatchObject({ value: '' });
  });

  it('names the standard that defines a special-purpose address', () => {
    expect(field({ src_addr: '100.64.3.4' }, 'source')?.mark).toMatchObject({
      name: 'carrier NAT',
      source: 'RFC 6598',
    });
    expect(field({ src_addr: '1.1.1.1' }, 'source')).not.toHaveProperty('mark');
  });

  it('shows the ifindex of an interface that no longer exists', () => {
    const gone = explainPacket(SYN, undefined).find(({ key }) => key === 'interface');
    expect(gone).toMatchObject({ value: '#2', sentence: expect.stringContaining('any more') });
    expect(gone).not.toHaveProperty('filter');
  });

  it('offers filters that match their packet and parse as text', () => {
    fc.assert(
      fc.property(packetLog, fc.constantFrom(0x86dd, 0x0806), fc.nat(4096), (any, ether_type, vlan_id) => {
        const isIpv4 = !any.src_addr.includes(':') && !any.dst_addr.includes(':');
        const packet = { ...any, ether_type: isIpv4 ? 0x0800 : ether_type, vlan_id };
        const bytes = encodePacketLog(packet);
        for (const { key, filter } of explainPacket(packet, 'eth0')) {
          if (filter === undefined) continue;
          expect(parseFilter(formatFilter(filter)), key).toEqual(filter);
          const lets = compileFilter(filter, { indexesOf: () => [packet.ifindex] });
          expect(lets(bytes, 0), `${key}: ${formatFilter(filter)}`).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('explains every field of the record', () => {
    const keys = new Set(explainPacket({ ...SYN, rule_id: 1 }, 'eth0').map(({ key }) => key));
    const KEYS: Readonly<Record<string, ExplainedKey>> = {
      timestamp_ns: 'time',
      src_addr: 'source',
      dst_addr: 'destination',
      rule_id: 'rule',
      ifindex: 'interface',
      src_port: 'source_port',
      dst_port: 'destination_port',
      vlan_id: 'vlan',
      ip_protocol: 'protocol',
    };
    for (const { name } of PACKET_LOG_FIELDS) expect(keys).toContain(KEYS[name] ?? name);
  });
});
