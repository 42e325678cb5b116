import { describe, expect, it } from 'vitest';
import { allOf, anyOf, type Filter, type NumberField, type Side } from './filter.ts';
import { formatFilter } from './format.ts';
import { parseFilter } from './parse.ts';

const number = (field: NumberField, value: number, comparison: '=' | '!=' | '<' | '<=' | '>' | '>=' = '='): Filter => ({
  kind: 'number',
  field,
  comparison,
  value,
});
const tcp = number('ip_protocol', 6);
const udp = number('ip_protocol', 17);
const deny = number('action', 1);
const port = (side: Side, from: number, to = from): Filter => ({ kind: 'port', side, from, to });
const icmp = (protocol: 1 | 58, type: number, code?: number): Filter => ({
  kind: 'icmp',
  protocol,
  type,
  ...(code !== undefined && { code }),
});
const endpoint = (of: string, at: number): Filter =>
  anyOf([allOf([network('src', of), port('src', at)]), allOf([network('dst', of), port('dst', at)])]);
const network = (side: Side, text: string): Filter => ({ kind: 'network', side, network: text });
const not = (term: Filter): Filter => ({ kind: 'not', term });

describe('a filter', () => {
  it.each<[string, Filter]>([
    ['', { kind: 'all' }],
    [' \n\t', { kind: 'all' }],
    ['tcp', tcp],
    ['TCP Dst Port HTTPS', allOf([tcp, port('dst', 443)])],
    ['ip', number('ether_type', 0x0800)],
    ['ip6', number('ether_type', 0x86dd)],
    ['arp', number('ether_type', 0x0806)],
    ['icmp or icmp6', anyOf([number('ip_protocol', 1), number('ip_protocol', 58)])],
    ['icmpv6', number('ip_protocol', 58)],
    ['proto 47', number('ip_protocol', 47)],
    ['proto gre', number('ip_protocol', 47)],
    ['proto != tcp', number('ip_protocol', 6, '!=')],
    ['ip proto ospf', allOf([number('ether_type', 0x0800), number('ip_protocol', 89)])],
    ['ether proto 0x88cc', number('ether_type', 0x88cc)],
    ['ether proto arp', number('ether_type', 0x0806)],
    ['host 192.0.2.1', network('either', '192.0.2.1/32')],
    ['192.0.2.1', network('either', '192.0.2.1/32')],
    ['2001:DB8::1', network('either', '2001:db8::1/128')],
    ['::/0', network('either', '::/0')],
    ['src 192.0.2.1', network('src', '192.0.2.1/32')],
    ['dst host 192.0.2.0/24', network('dst', '192.0.2.0/24')],
    ['src net 203.0.113.0/24', network('src', '203.0.113.0/24')],
    ['net 10', network('either', '10.0.0.0/8')],
    ['net 172.16/12', network('either', '172.16.0.0/12')],
    ['src or dst net 192.168', network('either', '192.168.0.0/16')],
    ['src and dst net 192.168', allOf([network('src', '192.168.0.0/16'), network('dst', '192.168.0.0/16')])],
    ['port 0', port('either', 0)],
    ['src port 1024-65535', port('src', 1024, 65535)],
    ['portrange 1-1024', port('either', 1, 1024)],
    ['dst portrange 80', port('dst', 80)],
    ['deny', deny],
    ['action deny', deny],
    ['action != deny', number('action', 1, '!=')],
    ['permit or aborted', anyOf([number('action', 2), number('action', 0)])],
    ['would_deny', number('reason', 2)],
    ['reason would_deny', number('reason', 2)],
    ['reason malformed', number('reason', 4)],
    ['reason 200', number('reason', 200)],
    ['rule 12', number('rule_id', 12)],
    ['rule 4294967295', number('rule_id', 4294967295)],
    ['rule', number('rule_id', 0, '>')],
    ['vlan 10', number('vlan_id', 10)],
    ['vlan and tcp', allOf([number('vlan_id', 0, '>='), tcp])],
    ['not (vlan)', not(number('vlan_id', 0, '>='))],
    ['vlan 0', number('vlan_id', 0)],
    ['vlan 100 and vlan', allOf([number('vlan_id', 100), number('vlan_id', 0, '>=')])],
    ['vlan > 99 and vlan < 200', allOf([number('vlan_id', 99, '>'), number('vlan_id', 200, '<')])],
    ['len > 1000', number('length', 1000, '>')],
    ['len>1000&&len<=0x5dc', allOf([number('length', 1000, '>'), number('length', 1500, '<=')])],
    ['len == 60', number('length', 60)],
    ['len != 60', number('length', 60, '!=')],
    ['len 60', number('length', 60)],
    ['less 60 or greater 1500', anyOf([number('length', 60, '<='), number('length', 1500, '>=')])],
    ['weight > 1', number('weight', 1, '>')],
    ['icmp type 8', icmp(1, 8)],
    ['icmp type echo', icmp(1, 8)],
    ['icmp type = icmp-echoreply', icmp(1, 0)],
    ['icmp type 0x3 code 1', icmp(1, 3, 1)],
    ['icmp type port-unreachable', icmp(1, 3, 3)],
    ['icmp6 type 135', icmp(58, 135)],
    ['icmpv6 type (neighbor-solicitation or 136)', anyOf([icmp(58, 135), icmp(58, 136)])],
    ['icmp type echo or echo-reply', anyOf([icmp(1, 8), icmp(1, 0)])],
    ['icmp type != 8', not(icmp(1, 8))],
    ['192.0.2.1:443', endpoint('192.0.2.1/32', 443)],
    ['host [2001:db8::1]:443', endpoint('2001:db8::1/128', 443)],
    ['tcp src 192.0.2.1:443', allOf([tcp, network('src', '192.0.2.1/32'), port('src', 443)])],
    ['[2001:db8::1]', network('either', '2001:db8::1/128')],
    ['dst host [2001:db8::1] and udp', allOf([network('dst', '2001:db8::1/128'), udp])],
    ['port 0x16', port('either', 22)],
    ['portrange 0x10-0x20', port('either', 16, 32)],
    ['iface "eth*"', { kind: 'interface', name: 'eth*' }],
    ['flags syn', { kind: 'flags', flags: 2, exact: false }],
    ['flags syn, ack', { kind: 'flags', flags: 0x12, exact: false }],
    ['flags = SYN', { kind: 'flags', flags: 2, exact: true }],
    ['flags none', { kind: 'flags', flags: 0, exact: true }],
    ['iface eth0', { kind: 'interface', name: 'eth0' }],
    ['iface != eth0.100', not({ kind: 'interface', name: 'eth0.100' })],
    ['iface "a b"', { kind: 'interface', name: 'a b' }],
    ['iface and', { kind: 'interface', name: 'and' }],
    ['all', { kind: 'all' }],
    ['not deny', not(deny)],
    ['!deny', not(deny)],
    ['not not deny', not(not(deny))],
    ['((tcp))', tcp],
    [
      'src net 203.0.113.0/24 and tcp dst port 443 and not deny',
      allOf([network('src', '203.0.113.0/24'), tcp, port('dst', 443), not(deny)]),
    ],
  ])('reads %j', (text, filter) => {
    expect(parseFilter(text)).toEqual(filter);
  });

  it.each<[string, Filter]>([
    ['port 80 or 443', anyOf([port('either', 80), port('either', 443)])],
    ['port (80 or 443)', anyOf([port('either', 80), port('either', 443)])],
    ['tcp dst port http or https', anyOf([allOf([tcp, port('dst', 80)]), allOf([tcp, port('dst', 443)])])],
    ['host 192.0.2.1 or 2001:db8::1', anyOf([network('either', '192.0.2.1/32'), network('either', '2001:db8::1/128')])],
    [
      'not host 192.0.2.1 and 192.0.2.2',
      allOf([not(network('either', '192.0.2.1/32')), network('either', '192.0.2.2/32')]),
    ],
    ['src net 10 or 172.16/12', anyOf([network('src', '10.0.0.0/8'), network('src', '172.16.0.0/12')])],
    ['src 192.0.2.1 and not 192.0.2.2', allOf([network('src', '192.0.2.1/32'), not(network('src', '192.0.2.2/32'))])],
    ['port 80 or 192.0.2.1', anyOf([port('either', 80), network('either', '192.0.2.1/32')])],
    ['port 80 or udp or 53', anyOf([port('either', 80), udp, port('either', 53)])],
    ['reason malformed or truncated', anyOf([number('reason', 4), number('reason', 5)])],
    ['rule 12 or 13', anyOf([number('rule_id', 12), number('rule_id', 13)])],
    [
      'iface eth0 or eth1',
      anyOf([
        { kind: 'interface', name: 'eth0' },
        { kind: 'interface', name: 'eth1' },
      ]),
    ],
    [
      'flags syn or rst',
      anyOf([
        { kind: 'flags', flags: 2, exact: false },
        { kind: 'flags', flags: 4, exact: false },
      ]),
    ],
  ])('applies the qualifiers of a term to further values: %s', (text, filter) => {
    expect(parseFilter(text)).toEqual(filter);
  });

  it.each([
    ['deny or tcp and udp', '(deny or tcp) and udp'],
    ['deny and tcp or udp', '(deny and tcp) or udp'],
    ['deny or (tcp and udp)', 'deny or (tcp and udp)'],
    ['not deny and tcp', 'not deny and tcp'],
    ['not (deny and tcp)', 'not (deny and tcp)'],
    ['tcp and port 80 or 443', '(tcp and port 80) or port 443'],
    ['(deny and tcp) and udp', 'deny and tcp and udp'],
  ])('gives "and" and "or" the same precedence, from left to right, as tcpdump does: %s', (text, meaning) => {
    expect(formatFilter(parseFilter(text))).toBe(meaning);
  });
});
