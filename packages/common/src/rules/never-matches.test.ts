import { describe, expect, it } from 'vitest';
import { mappedNote, neverMatches } from './never-matches.ts';
import { invalidRequest, rulesRequestSchemas } from './requests.ts';

const IPV6 = '2001:db8::/32';

describe('a rule that cannot match', () => {
  it.each([0, 43, 44, 'ah', 51, 60])('is rejected for IPv6 and protocol %s, with what to write instead', (protocol) => {
    const { error } = rulesRequestSchemas.add.safeParse({ rule: { action: 'deny', source: IPV6, protocol } });
    expect(error && invalidRequest(error)).toMatchObject({
      field: 'rule.protocol',
      message: expect.stringMatching(/extension header, which is not matched itself: write the protocol that follows/),
    });
    expect(neverMatches({ source: IPV6, protocol })).toMatch(/^It never matches/);
    expect(neverMatches({ source: 'any', protocol })).toMatch(/^It matches IPv4 packets only/);
    expect(neverMatches({ source: '192.0.2.1', protocol })).toBeUndefined();
  });

  it.each([135, 139, 140, 'esp', 'icmpv6', 'tcp'])('is accepted for IPv6 and protocol %s', (protocol) => {
    expect(neverMatches({ source: IPV6, protocol })).toBeUndefined();
  });

  it.each([
    [{ source: '192.0.2.1', protocol: 'icmpv6' }, /Write icmp\.$/],
    [{ source: IPV6, protocol: 1 }, /Write icmpv6\.$/],
    [{ source: 'any', interface: 'eth9' }, /interface eth9 is not watched \(eth0, eth1 are\)/],
    [{ source: 'any', expires_at: '2030-01-01T00:00:00Z' }, /it expired at 2030-01-01T00:00:00Z/],
    [{ source: 'set:none' }, /set none is empty/],
    [{ source: 'any', interface: 'eth1', expires_at: '2030-01-01T00:00:02Z' }, undefined],
    [{ source: '192.0.2.1', destination: '2001:db8::1' }, /the source is IPv4 and the destination IPv6/],
    [{ source: 'any', destination: '192.0.2.1', protocol: 'icmpv6' }, /Write icmp\.$/],
    [{ source: 'any', destination: IPV6, protocol: 'icmp' }, /Write icmpv6\.$/],
    [{ source: 'any', fragment: true, destination_port: 53 }, /later fragments have no ports/],
    [{ source: 'any', fragment: true, protocol: 'tcp', tcp_flags: 'syn' }, /later fragments have no TCP flags/],
    [{ source: 'any', length: '0-33' }, /headers alone have 34 bytes/],
    [{ source: 'any', length: '0-34' }, undefined],
    [{ source: 'any', fragment: true, protocol: 'udp' }, undefined],
    [{ source: '192.0.2.1', destination: '192.0.2.0/24' }, undefined],
    [{ source: 'set:some' }, undefined],
    [{ source: 'set:unknown' }, undefined],
  ] as const)('is found for %j', (rule, sentence) => {
    const problem = neverMatches(rule, {
      nowMs: Date.parse('2030-01-01T00:00:01Z'),
      interfaces: ['eth0', 'eth1'],
      setEntries: (name) => ({ none: 0, some: 1 })[name],
    });
    if (sentence === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(sentence);
  });
});

it.each([
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['::FFFF:c000:200/120', '192.0.2.0/24', true],
  ['192.0.2.1/32', '192.0.2.1', false],
  ['2001:DB8::1', '2001:db8::1', false],
  ['::1', '::1', false],
  [undefined, '192.0.2.1', false],
])('%s that is read as %s is reported: %s', (written, read, isSaid) => {
  expect(mappedNote(written, read) !== undefined).toBe(isSaid);
});
