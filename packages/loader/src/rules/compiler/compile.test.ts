import { describe, expect, it } from 'vitest';
import { compile, ipv4, ipv6, list, NOW_MS, rule, ruleVerdict, UDP } from '../../../test/support/compile-fixture.ts';

describe('compiled rules', () => {
  it('permit by any rule, however short its prefix, before they deny', () => {
    const verdict = ruleVerdict([rule('deny', '192.0.2.7', { id: 1 }), rule('permit', '192.0.0.0/16', { id: 2 })]);
    expect(verdict(ipv4('192.0.2.7'))).toBe('permit 2');
  });

  it('permit a service for any source before they deny a source', () => {
    const verdict = ruleVerdict([
      rule('deny', '192.0.2.0/24', { id: 1 }),
      rule('permit', 'any', { id: 2, protocol: 'tcp', destination_port: 22 }),
    ]);
    expect(verdict(ipv4('192.0.2.7', { destinationPort: 22 }))).toBe('permit 2');
    expect(verdict(ipv4('192.0.2.7', { destinationPort: 23 }))).toBe('deny 1');
    expect(verdict(ipv4('198.51.100.1', { destinationPort: 23 }))).toBe('permit');
  });

  it('name the longest prefix, then the lowest id, as the rule that decided', () => {
    const verdict = ruleVerdict([
      rule('deny', 'any', { id: 1 }),
      rule('deny', '192.0.2.0/24', { id: 9 }),
      rule('deny', '192.0.2.0/24', { id: 5 }),
      rule('deny', '192.0.0.0/16', { id: 2 }),
    ]);
    expect(verdict(ipv4('192.0.2.255'))).toBe('deny 5');
    expect(verdict(ipv4('192.0.3.0'))).toBe('deny 2');
    expect(verdict(ipv4('192.1.0.0'))).toBe('deny 1');
  });

  it('for ::/0 never catch IPv4, nor those for 0.0.0.0/0 IPv6', () => {
    const verdict = ruleVerdict([rule('deny', '::/0', { id: 1 }), rule('observe', '0.0.0.0/0', { id: 2 })]);
    expect(verdict(ipv4('192.0.2.1'))).toBe('observe 2');
    expect(verdict(ipv6('::ffff:192.0.2.1'))).toBe('deny 1');
  });

  it('do not apply to packets that are not IP, even with default policy deny', () => {
    const verdict = ruleVerdict([rule('deny', 'any')], { policy: 'deny' });
    const arp = { etherType: 0x0806, ipProtocol: 255, source: undefined, destinationPort: undefined };
    expect(verdict(ipv4('192.0.2.1', arp))).toBe('permit');
  });

  it('for a port match no fragment, those for its protocol do', () => {
    const verdict = ruleVerdict([
      rule('deny', 'any', { id: 1, destination_port: '0-65535' }),
      rule('observe', 'any', { id: 2, protocol: 'udp' }),
    ]);
    expect(verdict(ipv4('192.0.2.1', { ipProtocol: UDP, destinationPort: 0 }))).toBe('deny 1');
    expect(verdict(ipv4('192.0.2.1', { ipProtocol: UDP, destinationPort: undefined }))).toBe('observe 2');
    expect(verdict(ipv4('192.0.2.1', { ipProtocol: 1, destinationPort: undefined }))).toBe('permit');
  });

  it('follow a rule with conditions wherever its condition is not met', () => {
    const verdict = ruleVerdict([
      rule('permit', '192.0.2.0/24', { id: 1, protocol: 'tcp', tcp_flags: 'syn' }),
      rule('deny', 'any', { id: 2, destination: '198.51.100.0/24' }),
      rule('deny', '192.0.2.7', { id: 3, length: '1400-65535' }),
      rule('observe', '192.0.2.0/24', { id: 4 }),
      rule('observe', 'any', { id: 5, fragment: true }),
    ]);
    const to = { destination: [0xc633_6401], tcpFlags: 0x02, length: 1500 };
    expect(verdict(ipv4('192.0.2.7', to))).toBe('permit 1');
    expect(verdict(ipv4('192.0.2.7', { ...to, tcpFlags: 0x10 }))).toBe('deny 3');
    expect(verdict(ipv4('192.0.2.7', { ...to, tcpFlags: 0x10, length: 1399 }))).toBe('deny 2');
    expect(verdict(ipv4('192.0.2.7', { tcpFlags: 0x10 }))).toBe('observe 4');
    expect(verdict(ipv4('203.0.113.1', { isFragment: true }))).toBe('observe 5');
    expect(verdict(ipv4('203.0.113.1'))).toBe('permit');
  });

  it('with the same condition are covered by the first that lasts as long, others are not', () => {
    const rules = [
      rule('permit', 'any', { id: 1, length: 60 }),
      rule('deny', 'any', { id: 2, length: 60 }),
      rule('deny', 'any', { id: 3, length: 61 }),
    ];
    expect(compile(rules).stats.nodes).toBe(2);
    expect(ruleVerdict(rules)(ipv4('192.0.2.1', { length: 61 }))).toBe('deny 3');
  });

  it('with too many conditions for the same packets are rejected, by their numbers', () => {
    const rules = Array.from({ length: 17 }, (_, i) => rule('deny', 'any', { id: i + 1, length: i }));
    expect(() => compile(rules.slice(1))).not.toThrow();
    expect(() => compile(rules)).toThrow(
      /^More than 16 rules match the same packets and expire one after the other, or have conditions such as TCP flags: rules 1, 2, .*, 17\. Remove some/,
    );
  });

  it('for source any are the only ones that match an unreadable address', () => {
    const unread = ipv4('192.0.2.1', { source: undefined, ipProtocol: 255, destinationPort: undefined });
    expect(ruleVerdict([rule('deny', '0.0.0.0/0')])(unread)).toBe('permit');
    expect(ruleVerdict([rule('deny', '0.0.0.0/0')], { policy: 'deny' })(unread)).toBe('deny');
    expect(ruleVerdict([rule('deny', 'any', { id: 3 })])(unread)).toBe('deny 3');
  });

  it('for an interface apply only there', () => {
    const verdict = ruleVerdict([
      rule('deny', '192.0.2.1', { id: 1, interface: 'eth1' }),
      rule('deny', 'any', { id: 2, interface: 'gone0' }),
    ]);
    expect(verdict(ipv4('192.0.2.1', { interfaceSlot: 2 }))).toBe('deny 1');
    expect(verdict(ipv4('192.0.2.1', { interfaceSlot: 1 }))).toBe('permit');
  });

  it('expire on time, and the next best rule decides', () => {
    const until = (ms: number) => ({ expires_at: new Date(NOW_MS + ms).toISOString() });
    const verdict = ruleVerdict([
      rule('permit', '192.0.2.1', { id: 1, ...until(1) }),
      rule('deny', '192.0.2.1', { id: 2, ...until(5) }),
      rule('deny', '192.0.2.0/24', { id: 3, ...until(3) }),
      rule('observe', 'any', { id: 4 }),
    ]);
    expect([0, 1, 2, 3, 4, 5, 6].map((ms) => verdict(ipv4('192.0.2.1'), NOW_MS + ms))).toEqual([
      'permit 1',
      'deny 2',
      'deny 2',
      'deny 2',
      'deny 2',
      'observe 4',
      'observe 4',
    ]);
  });

  it('that expired at the Unix epoch have expired', () => {
    expect(ruleVerdict([rule('deny', 'any', { expires_at: '1970-01-01T00:00:00Z' })])(ipv4('192.0.2.1'))).toBe(
      'permit',
    );
  });

  it('give a whole set one rule, by its longest member', () => {
    const sets = new Map([['bad', list('192.0.2.0/24', '192.0.2.128/25', '2001:db8::/32')]]);
    const rules = [
      rule('deny', 'set:bad', { id: 1 }),
      rule('deny', '192.0.2.0/24', { id: 2 }),
      rule('observe', 'set:bad', { id: 3 }),
    ];
    const verdict = ruleVerdict(rules, { sets });
    expect(verdict(ipv4('192.0.2.1'))).toBe('deny 1');
    expect(verdict(ipv4('192.0.2.129'))).toBe('deny 1');
    expect(verdict(ipv6('2001:db8:ffff::1'))).toBe('deny 1');
    expect(ruleVerdict(rules.slice(1), { sets })(ipv4('192.0.2.129'))).toBe('deny 2');
  });

  it.each([8, 9, 13, 20])('decide the same with a root table of %d bits', (bits) => {
    const sets = new Map([
      [
        'bad',
        list('0.0.0.0', '10.0.0.0/8', '10.1.2.3', '255.255.255.255', '::', '2001:db8::/32', '2001:db8::1', 'ffff::/16'),
      ],
    ]);
    const verdict = ruleVerdict([rule('deny', 'set:bad', { id: 1 }), rule('permit', '10.1.0.0/16', { id: 2 })], {
      sets,
      rootBits: { ipv4: bits, ipv6: bits },
    });
    const sources = [
      '0.0.0.0',
      '0.0.0.1',
      '9.255.255.255',
      '10.0.0.0',
      '10.1.2.3',
      '10.2.0.0',
      '255.255.255.254',
      '255.255.255.255',
    ];
    expect(sources.map((source) => verdict(ipv4(source)))).toEqual([
      'deny 1',
      'permit',
      'permit',
      'deny 1',
      'permit 2',
      'deny 1',
      'permit',
      'deny 1',
    ]);
    const sources6 = ['::', '::1', '2001:db7:ffff::', '2001:db8::', '2001:db8::1', 'ffff:ffff::1', 'fffe:ffff::1'];
    expect(sources6.map((source) => verdict(ipv6(source)))).toEqual([
      'deny 1',
      'permit',
      'permit',
      'deny 1',
      'deny 1',
      'deny 1',
      'permit',
    ]);
  });
});
