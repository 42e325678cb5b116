import { describe, expect, it } from 'vitest';
import { allOf, anyOf, type Filter, type NumberField, type Side } from './filter.ts';
import { FilterError } from './filter-error.ts';
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

function rejection(text: string): FilterError {
  try {
    parseFilter(text);
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error(`${text} was not rejected`);
}

describe('an error in a filter', () => {
  it.each<[text: string, marked: string, message: string, fixed?: string]>([
    ['dst prot 443', 'prot', '"prot" at column 5: did you mean "port"?', 'dst port 443'],
    ['tpc', 'tpc', 'did you mean "tcp"?', 'tcp'],
    ['tcp and udb', 'udb', 'did you mean "udp"?', 'tcp and udp'],
    ['port 80 or udb', 'udb', 'did you mean "udp"?', 'port 80 or udp'],
    ['port htps', 'htps', 'did you mean "https"?', 'port https'],
    ['port qqqqqq', 'qqqqqq', 'neither a port nor a service that is known here; write its number.'],
    ['dst 443', '443', 'an address must follow "dst"; did you mean "port 443"?', 'dst port 443'],
    ['tcp 443', '443', 'did you mean "port 443"?', 'tcp port 443'],
    ['ip 192.0.2.1', '192.0.2.1', 'did you mean "host 192.0.2.1"?', 'ip host 192.0.2.1'],
    ['443', '443', 'a number needs a word before it; did you mean "port 443"?', 'port 443'],
    ['https', 'https', 'did you mean "port https"?', 'port https'],
    ['port 192.0.2.1', 'port 192.0.2.1', 'a port must follow "port"; did you mean "host 192.0.2.1"?', 'host 192.0.2.1'],
    ['host 443', 'host 443', 'an address must follow "host"; did you mean "port 443"?', 'port 443'],
    ['tcp src host 1-1024', 'host 1-1024', 'did you mean "portrange 1-1024"?', 'tcp src portrange 1-1024'],
    ['host 192.0.2.1 or 443', '443', 'did you mean "port 443"?', 'host 192.0.2.1 or port 443'],
    ['rst', 'rst', 'did you mean "flags rst"?', 'flags rst'],
    ['port 80 or rst', 'rst', 'did you mean "flags rst"?', 'port 80 or flags rst'],
    ['tcp syn', 'syn', 'did you mean "and flags syn"?', 'tcp and flags syn'],
    ['port 80 443', '443', 'did you mean "or 443"?', 'port 80 or 443'],
    ['dport 22', 'dport', 'did you mean "dst port"?', 'dst port 22'],
    ['tcp and sport 22', 'sport', 'did you mean "src port"?', 'tcp and src port 22'],
    ['ipv6 and tcp', 'ipv6', 'did you mean "ip6"?', 'ip6 and tcp'],
    ['stp', 'stp', 'have a length in place of a type; write ether proto <= 1500.'],
    [
      'tcp and port not 22',
      'port not 22',
      '"not" stands before a whole term; did you mean "not port 22"?',
      'tcp and not port 22',
    ],
    ['src host not 192.0.2.1', 'src host not 192.0.2.1', 'did you mean "not src host 192.0.2.1"?'],
    ['iface not eth0', 'iface not eth0', 'did you mean "not iface eth0"?', 'not iface eth0'],
    ['port 0x16-0x15', '0x16-0x15', 'did you mean "0x15-0x16"?', 'port 0x15-0x16'],
    ['icmp[icmptype] = 8', 'icmp[icmptype]', 'did you mean "icmp type"?', 'icmp type = 8'],
    ['icmp[icmptype] == icmp-echo', 'icmp[icmptype]', 'did you mean "icmp type"?', 'icmp type == icmp-echo'],
    ['icmp[1] = 3', 'icmp[1]', 'the type is asked for with "icmp type echo-request".'],
    ['icmp type eco-request', 'eco-request', 'did you mean "echo-request"?', 'icmp type echo-request'],
    ['icmp6 type neighbour-solicitation', 'neighbour-solicitation', 'did you mean "neighbor-solicitation"?'],
    ['icmp type 256', '256', 'the largest number for "icmp type" is 255.'],
    ['icmp type < 8', '<', '"icmp type" has no order'],
    ['host 192.0.2.1:70000', '192.0.2.1:70000', 'ports end at 65535.'],
    ['net 192.0.2.1:443', '192.0.2.1:443', 'is neither an address nor a network'],
    ['iface eth*', 'eth*', 'names of interfaces have no wildcards; name each, as iface (eth0 or eth1)'],
    [
      '14:03:22.118493 SRC IP: 192.0.2.1, SRC PORT: 40000, DST IP: 198.51.100.2, DST PORT: 443, PROTO: TCP, FLAGS: S,',
      '14:03:22.118493 SRC IP: 192.0.2.1, SRC PORT: 40000, DST IP: 198.51.100.2, DST PORT: 443, PROTO: TCP, FLAGS: S,',
      'this is the row of a packet, not a filter; did you mean',
      'tcp and src host 192.0.2.1 and src port 40000 and dst host 198.51.100.2 and dst port 443',
    ],
    [
      '2026-01-31T14:03:22.118493000Z deny [2001:db8::1]:50211 -> [2001:db8::2]:443 UDP, 60 bytes, on eth0, rule 3',
      '2026-01-31T14:03:22.118493000Z deny [2001:db8::1]:50211 -> [2001:db8::2]:443 UDP, 60 bytes, on eth0, rule 3',
      'this is the row of a packet',
      'udp and src host 2001:db8::1 and src port 50211 and dst host 2001:db8::2 and dst port 443',
    ],
    [
      '{"src_addr":"192.0.2.1","dst_addr":"192.0.2.2","src_port":0,"dst_port":2048,"ip_protocol":1}',
      '{"src_addr":"192.0.2.1","dst_addr":"192.0.2.2","src_port":0,"dst_port":2048,"ip_protocol":1}',
      'this is the row of a packet',
      'icmp and src host 192.0.2.1 and dst host 192.0.2.2',
    ],
    [
      '1700000000123456789,192.0.2.1,192.0.2.2,0,2,60,1,53,4000,2048,0,17,0,permit,none,eth0',
      '1700000000123456789,192.0.2.1,192.0.2.2,0,2,60,1,53,4000,2048,0,17,0,permit,none,eth0',
      'this is the row of a packet',
      'udp and src host 192.0.2.1 and src port 53 and dst host 192.0.2.2 and dst port 4000',
    ],
    ['port 65536', '65536', 'ports end at 65535.'],
    ['portrange 9-1', '9-1', 'the range ends before it begins; did you mean "1-9"?', 'portrange 1-9'],
    ['port 80,443', ',', 'what may be either is joined with a word; did you mean " or "?', 'port 80 or 443'],
    ['port 80, 443', ',', 'what may be either is joined with a word; did you mean " or"?', 'port 80 or 443'],
    ['net 10.1.2.3/8', '10.1.2.3/8', 'has bits set behind its prefix; did you mean "10.0.0.0/8"?', 'net 10.0.0.0/8'],
    ['net 10.1/8', '10.1/8', 'did you mean "10.0.0.0/8"?', 'net 10.0.0.0/8'],
    ['host 192.0.2.256', '192.0.2.256', 'is neither an address nor a network'],
    ['host example.com', 'example.com', 'names are not looked up, write the address.'],
    ['host localhost', 'localhost', 'names are not looked up, write the address.'],
    ['dst www.example.org', 'www.example.org', 'names are not looked up, write the address.'],
    ['icmp port 80', 'port', '"icmp" has no ports'],
    ['arp host 192.0.2.1', 'host', 'remove "arp"'],
    ['proto gree', 'gree', 'did you mean "gre"?', 'proto gre'],
    ['proto 256', '256', 'the largest number for "proto" is 255.'],
    ['vlan 4096', '4096', 'the largest number for "vlan" is 4095.'],
    [
      'vlan 100 && vlan 200',
      '&&',
      'only the outer VLAN tag is recorded, and its id is never both 100 and 200; did you mean "or"?',
      'vlan 100 or vlan 200',
    ],
    ['vlan 100 and tcp and vlan 0', 'and', 'its id is never both 100 and 0.'],
    ['vlan 100 and (tcp and vlan 200)', 'and', 'its id is never both 100 and 200; did you mean "or"?'],
    ['len > many', 'many', 'a number of 0 to 65535 must follow "len".'],
    ['action denny', 'denny', 'did you mean "deny"?', 'action deny'],
    ['reason mal', 'mal', 'it must be one of none, rule'],
    ['reason < 5', '<', '"reason" has no order'],
    ['flags syn,akc', 'akc', 'did you mean "ack"?', 'flags syn,ack'],
    ['flags & 2', '&', 'bits are not combined here.'],
    ['tcp & udp', '&', 'bits are not combined here; did you mean "&&"?', 'tcp && udp'],
    ['tcp | udp', '|', 'did you mean "||"?', 'tcp || udp'],
    ['tcp udp', 'udp', '"and" or "or" is missing before it; did you mean "and udp"?', 'tcp and udp'],
    ['tcp)', ')', 'no "(" is open here.'],
    ['(tcp or udp', '(', 'a ")" is missing for this.'],
    ['and tcp', 'and', 'a term must stand before "and".'],
    ['()', ')', 'a term must stand before ")".'],
    ['tcp and', '', 'At column 8: a term such as tcp'],
    ['src', '', 'At column 4: an address must follow "src".'],
    ['tcp dst port', '', 'At column 13: a port must follow "tcp dst port".'],
    ['ether host 1', 'host', 'MAC addresses are not recorded'],
    ['outbound', 'outbound', 'there are none.'],
    ['tcp[13] = 2', 'tcp[13]', 'flags are asked for with "flags syn".'],
    ['> 5', '>', 'a word such as len must stand before it.'],
    ['iface "eth0', '"eth0', 'the closing quote is missing'],
    ["iface 'eth0'", "'eth0'", 'names are quoted with " and "; did you mean', 'iface "eth0"'],
    ["iface 'eth0", "'", 'names are quoted with " and ".'],
    ['"eth0"', '"eth0"', 'did you mean "iface "eth0""?', 'iface "eth0"'],
    ['iface "\\x"', '"\\x"', 'written as in JSON'],
    ['tcp \u001b[2J', '\u001b[2J', '"\ufffd[2J" at column 5'],
  ])('%s', (text, marked, message, fixed) => {
    const error = rejection(text);
    expect([text.slice(error.from, error.to), error.message]).toEqual([marked, expect.stringContaining(message)]);
    if (error.from < error.to) expect(error.message).toContain(`at column ${error.from + 1}: `);
    if (fixed === undefined) return;
    const repaired = text.slice(0, error.from) + error.fix + text.slice(error.to);
    expect(repaired).toBe(fixed);
    expect(() => parseFilter(repaired)).not.toThrow();
  });

  it.each([
    ['characters', 'tcp'.padEnd(4097)],
    ['characters', '"'.repeat(1_000_000)],
    ['terms', Array.from({ length: 257 }, (_, i) => `port ${i}`).join(' or ')],
    ['parentheses', `${'('.repeat(40)}tcp${')'.repeat(40)}`],
    ['nots', `${'not '.repeat(40)}tcp`],
  ])('rejects too many %s', (_, text) => {
    expect(rejection(text).message).toMatch(/at most \d+/);
  });
});
