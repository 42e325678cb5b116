import { describe, expect, it } from 'vitest';
import { FilterError } from './filter-error.ts';
import { parseFilter } from './parse.ts';

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
    ['port qqqqqq', 'qqqqqq', 'neither a port nor a known service; write the number.'],
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
    ['icmp[1] = 3', 'icmp[1]', 'test the type with "icmp type echo-request".'],
    ['icmp type eco-request', 'eco-request', 'did you mean "echo-request"?', 'icmp type echo-request'],
    ['icmp6 type neighbour-solicitation', 'neighbour-solicitation', 'did you mean "neighbor-solicitation"?'],
    ['icmp type 256', '256', 'the largest number for "icmp type" is 255.'],
    ['icmp type < 8', '<', '"icmp type" has no order'],
    ['host 192.0.2.1:70000', '192.0.2.1:70000', 'the largest port is 65535.'],
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
    ['port 65536', '65536', 'the largest port is 65535.'],
    ['portrange 9-1', '9-1', 'the range ends before it begins; did you mean "1-9"?', 'portrange 1-9'],
    ['port 80,443', ',', 'alternatives are joined with a word; did you mean " or "?', 'port 80 or 443'],
    ['port 80, 443', ',', 'alternatives are joined with a word; did you mean " or"?', 'port 80 or 443'],
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
    ['flags & 2', '&', 'bitwise operators are not supported.'],
    ['tcp & udp', '&', 'bitwise operators are not supported; did you mean "&&"?', 'tcp && udp'],
    ['tcp | udp', '|', 'did you mean "||"?', 'tcp || udp'],
    ['tcp udp', 'udp', '"and" or "or" is missing before it; did you mean "and udp"?', 'tcp and udp'],
    ['tcp)', ')', 'it has no matching "(".'],
    ['(tcp or udp', '(', 'a ")" is missing for this.'],
    ['and tcp', 'and', 'a term must stand before "and".'],
    ['()', ')', 'a term must stand before ")".'],
    ['tcp and', '', 'At column 8: a term such as tcp'],
    ['src', '', 'At column 4: an address must follow "src".'],
    ['tcp dst port', '', 'At column 13: a port must follow "tcp dst port".'],
    ['ether host 1', 'host', 'MAC addresses are not recorded'],
    ['outbound', 'outbound', 'there are none.'],
    ['tcp[13] = 2', 'tcp[13]', 'test flags with "flags syn".'],
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
