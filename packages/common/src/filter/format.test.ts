import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter, INTERFACES, isWritable, nearRecord } from '../../test/support/filter.arbitrary.ts';
import { naiveMatch } from '../../test/support/filter.reference.ts';
import { filterKey, simplified } from './filter-key.ts';
import { formatFilter } from './format.ts';
import { parseFilter } from './parse.ts';
import { MAX_FILTER_LENGTH } from './tokens.ts';

describe('formatFilter', () => {
  it('writes text that parses to the same filter', () => {
    fc.assert(
      fc.property(filter, (any) => {
        const text = formatFilter(any);
        fc.pre(text.length <= MAX_FILTER_LENGTH);
        expect(parseFilter(text)).toEqual(any);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['tcp[ ]dst port http', undefined],
    ['SRC net 10 && TCP DST port https || !deny', '(src net 10.0.0.0/8 and tcp and dst port 443) or not deny'],
    ['ether proto 2048 or proto 6 or action permit', 'ip or tcp or permit'],
    [
      'action != 1 and reason 4 and len 60 and rule == 7',
      'action != deny and reason malformed and len = 60 and rule 7',
    ],
    ['flags = ack,syn', 'flags = syn,ack'],
    ['iface "eth0" or "a b"', 'iface eth0 or iface "a b"'],
    ['port 1-1024', 'portrange 1-1024'],
    ['vlan >= 0 or VLAN 0 or vlan > 0', 'vlan or vlan 0 or vlan > 0'],
  ])('writes the standard form of %j', (text, written) => {
    if (written === undefined) expect(() => parseFilter(text)).toThrow('column 1');
    else expect(formatFilter(parseFilter(text))).toBe(written);
  });
});

describe('filterKey', () => {
  it.each([
    ['tcp and deny', 'deny and tcp'],
    ['port 80 or 443', 'port https or port http or port 80'],
    ['not not (tcp)', 'tcp'],
    ['all and tcp', 'tcp'],
    ['tcp or all', ''],
    ['', 'all'],
    ['(udp or (tcp or udp))', 'tcp or udp'],
    ['tcp dst port 80 or 443', 'tcp and (dst port 443 or dst port 80)'],
    ['tcp and deny or (tcp and deny and vlan)', 'deny and tcp'],
  ])('is the same for %j and %j', (one, other) => {
    expect(filterKey(parseFilter(one))).toBe(filterKey(parseFilter(other)));
  });

  it('keeps the meaning: the simplified filter matches the same records', () => {
    fc.assert(
      fc.property(filter, nearRecord, (any, record) => {
        const key = filterKey(any);
        fc.pre(key.length <= MAX_FILTER_LENGTH && isWritable(simplified(any)));
        expect(naiveMatch(parseFilter(key), record, INTERFACES)).toBe(naiveMatch(any, record, INTERFACES));
        expect(filterKey(parseFilter(key))).toBe(key);
      }),
      { numRuns: 2000 },
    );
  });
});
