import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter, INTERFACES } from '../../../test/support/filter.arbitrary.ts';
import { PACKET_LOG_FIELDS } from '../../record/layout.ts';
import type { Filter } from '../filter.ts';
import { parseFilter } from '../parse.ts';
import { filterToSql } from './to-sql.ts';

const environment = { indexesOf: (name: string) => INTERFACES.get(name) ?? [] };
const COLUMNS = PACKET_LOG_FIELDS.map(({ name }) => name).join('|');
const TOKEN = new RegExp(
  `^(?:${COLUMNS}|AND|OR|NOT|IN|bitAnd|\\d+|toFixedString\\(unhex\\('[0-9a-f]{32}'\\), 16\\)|[(),]|>=|<=|=| )`,
);

/** Returns what is left of the text behind its last known token. */
function unknownPart(sql: string): string {
  let rest = sql;
  for (let token = TOKEN.exec(rest); token !== null && token[0] !== ''; token = TOKEN.exec(rest)) {
    rest = rest.slice(token[0].length);
  }
  return rest;
}

describe('a filter as SQL', () => {
  it.each<[string, string]>([
    ['', '1'],
    ['deny', '(action = 1)'],
    ['tcp or udp', '(ip_protocol IN (6, 17))'],
    ['not tcp', 'NOT (ip_protocol = 6)'],
    ['less 60', '(length >= 0 AND length <= 60)'],
    ['iface eth1', '(ifindex IN (3, 4294967294))'],
    ['iface "x\') OR 1 --"', '0'],
    ['dst port 443', '((dst_port = 443) AND (ip_protocol IN (6, 17, 132, 136)))'],
    [
      'src 192.0.2.1',
      "((src_addr = toFixedString(unhex('00000000000000000000ffffc0000201'), 16)) AND (ether_type = 2048))",
    ],
    ['flags syn', '((bitAnd(tcp_flags, 2) = 2) AND (ip_protocol = 6))'],
  ])('%j is %j', (text, sql) => {
    expect(filterToSql(parseFilter(text), environment)).toBe(sql);
  });

  it('consists of columns, operators, numbers and hexadecimal digits', () => {
    fc.assert(
      fc.property(filter, (any) => {
        expect(unknownPart(filterToSql(any, environment))).toBe('');
      }),
    );
  });

  it.each<[string, unknown]>([
    ['a field', { kind: 'number', field: '1 OR 1', comparison: '=', value: 1 }],
    ['a field that has no order', { kind: 'number', field: 'src_addr', comparison: '=', value: '1 OR 1' }],
    ['a value', { kind: 'number', field: 'length', comparison: '=', value: '1 OR 1' }],
    ['a side', { kind: 'port', side: "x' OR 1 --", from: 1, to: 2 }],
    ['a port', { kind: 'port', side: 'src', from: 1, to: '2) OR (1' }],
    ['a network', { kind: 'network', side: 'src', network: "1.2.3.4' OR 1 --" }],
    ['flags', { kind: 'flags', flags: '2) OR (1', exact: false }],
    ['a type', { kind: 'icmp', protocol: 1, type: '8) OR (1' }],
  ])('rejects %s that the parser did not make', (_, any) => {
    expect(() => filterToSql(any as Filter)).toThrow();
  });
});
