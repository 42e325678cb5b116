import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter } from '../../test/support/filter.arbitrary.ts';
import { completeFilter } from './complete.ts';
import { formatFilter } from './format.ts';

const vocabulary = {
  interfaces: ['eth0', 'a "b"'],
  addresses: ['192.0.2.1', '2001:db8::1'],
  rules: [{ id: 12, detail: 'ssh bots' }],
};

/** `|` marks the cursor. */
function offered(marked: string): { from: number; texts: string[] } {
  const { from, options } = completeFilter(marked.replace('|', ''), marked.indexOf('|'), vocabulary);
  return { from, texts: options.map(({ text }) => text) };
}

describe('completeFilter', () => {
  it.each<[text: string, from: number, first: string[]]>([
    ['|', 0, ['tcp', 'udp', 'src', 'dst', 'host', 'net', 'port']],
    ['t|', 0, ['tcp']],
    ['T|', 0, ['tcp']],
    ['tcp |', 4, ['src', 'dst', 'host', 'net', 'port', 'portrange', 'and', 'or']],
    ['tcp d|', 4, ['dst']],
    ['tcp and |', 8, ['tcp', 'udp']],
    ['tcp and w|', 8, ['would_deny', 'would_limit', 'weight']],
    ['icmp |', 5, ['type', 'and', 'or']],
    ['icmp type ec|', 10, ['echo-reply', 'echo-request', 'echo', 'echoreply']],
    ['icmp6 type nei|', 11, ['neighbor-solicitation', 'neighbor-advertisement']],
    ['icmp type 3 c|', 12, ['code']],
    ['ip |', 3, ['src', 'dst', 'host', 'net', 'port', 'portrange', 'proto', 'and', 'or']],
    ['src |', 4, ['host', 'net', 'port', 'portrange', '192.0.2.1', '2001:db8::1']],
    ['src 2001|', 4, ['2001:db8::1']],
    ['dst p|', 4, ['port', 'portrange']],
    ['tcp port ht|', 9, ['http', 'https', 'http-rpc-epmap', 'http-alt']],
    ['port 80 or htt|', 11, ['http', 'https']],
    ['port 80 |', 8, ['and', 'or']],
    ['(port 80 |', 9, ['and', 'or', ')']],
    ['not |', 4, ['tcp', 'udp']],
    ['action |', 7, ['aborted', 'deny', 'permit']],
    ['reason ma|', 7, ['malformed']],
    ['proto g|', 6, ['gre']],
    ['ether |', 6, ['proto']],
    ['ether proto l|', 12, ['lldp']],
    ['flags s|', 6, ['syn']],
    ['flags syn,|', 10, ['fin', 'syn']],
    ['iface |', 6, ['eth0', '"a \\"b\\""']],
    ['iface "a|', 6, ['"a \\"b\\""']],
    ['rule |', 5, ['12', '>', '<', '>=', '<=', '=', '!=', 'and', 'or']],
    ['rule 1|', 5, ['12']],
    ['len |', 4, ['>', '<']],
    ['tcp| and udp', 0, ['tcp']],
    ['dst prot 443 and t|', 17, ['tcp']],
    ['bogus ( u|', 8, ['udp']],
  ])('completes %j from column %i with %j', (text, from, first) => {
    const found = offered(text);
    expect([found.from, found.texts.slice(0, first.length)]).toEqual([from, first]);
  });

  it.each(['len > |', 'net |', 'portrange |', 'host example|', 'tcp ) |', 'tcp udp |'])(
    'offers nothing for %j',
    (text) => {
      expect(offered(text).texts).toEqual([]);
    },
  );

  it('also offers words that contain the typed text, after those that begin with it', () => {
    const { texts } = offered('port sql|');
    expect(texts).toContain('mysql');
    expect(offered('port my|').texts[0]).toBe('mysql');
  });

  it('describes each option', () => {
    const [https] = completeFilter('port https', 10).options;
    expect(https).toEqual({ text: 'https', kind: 'value', detail: 'port 443' });
    const { options } = completeFilter('', 0);
    for (const { detail } of options) expect(detail).not.toBe('');
  });

  it('never throws, and never offers more than its limit', () => {
    fc.assert(
      fc.property(fc.oneof(filter.map(formatFilter), fc.string()), fc.nat(), (text, place) => {
        const at = place % (text.length + 1);
        const { from, options } = completeFilter(text, at, vocabulary);
        expect(from).toBeLessThanOrEqual(at);
        expect(options.length).toBeLessThanOrEqual(50);
        expect(new Set(options.map((option) => option.text)).size).toBe(options.length);
      }),
      { numRuns: 300 },
    );
  });
});
