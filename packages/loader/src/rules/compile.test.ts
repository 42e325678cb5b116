import { RULE_HEADER, RULE_LINE } from '@packetlog/bpf';
import type { DefaultPolicy, Rule } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import type { AddressList } from './address-list.ts';
import { parseAddressList } from './address-list-text.ts';
import { compileRules, type RulesToCompile } from './compile.ts';
import { type PacketFacts, RuleImage } from './evaluate-image.ts';

const NOW_MS = Date.UTC(2030, 0, 1);
const TCP = 6;
const UDP = 17;

let nextId = 1;
function rule(action: Rule['action'], source: string, more: Partial<Rule> = {}): Rule {
  return { id: nextId++, action, source, reason: '', created_by: 'test', created_at: '2029-01-01T00:00:00Z', ...more };
}

function list(...networks: string[]): AddressList {
  return parseAddressList(new TextEncoder().encode(networks.join('\n'))).list;
}

interface Ground extends Partial<RulesToCompile> {
  policy?: DefaultPolicy;
}

function compile(rules: readonly Rule[], { policy = 'permit', ...more }: Ground = {}) {
  return compileRules({
    rules,
    defaultPolicy: policy,
    sets: new Map(),
    interfaceSlots: new Map([
      ['eth0', 1],
      ['eth1', 2],
    ]),
    counters: { limit: 16_384, previous: new Map() },
    ...more,
  });
}

function ipv4(text: string, more: Partial<PacketFacts> = {}): PacketFacts {
  const [source] = list(text).ipv4.starts;
  return {
    etherType: 0x0800,
    ipProtocol: TCP,
    source: [source as number],
    destinationPort: 443,
    interfaceSlot: 1,
    ...more,
  };
}

function ipv6(text: string, more: Partial<PacketFacts> = {}): PacketFacts {
  return {
    etherType: 0x86dd,
    ipProtocol: TCP,
    source: list(text).ipv6.words,
    destinationPort: 443,
    interfaceSlot: 1,
    ...more,
  };
}

/** `deny 7` for rule 7, `deny` for the default policy. */
function judge(rules: readonly Rule[], ground: Ground = {}) {
  const image = new RuleImage(compile(rules, ground).image);
  return (facts: PacketFacts, nowMs = NOW_MS) => {
    const verdict = image.verdict(facts, BigInt(nowMs) * 1_000_000n);
    return verdict.by === 'rule' ? `${verdict.action} ${verdict.ruleId}` : verdict.action;
  };
}

describe('compiled rules', () => {
  it('permit by any rule, however short its prefix, before they deny', () => {
    const verdict = judge([rule('deny', '192.0.2.7', { id: 1 }), rule('permit', '192.0.0.0/16', { id: 2 })]);
    expect(verdict(ipv4('192.0.2.7'))).toBe('permit 2');
  });

  it('permit a service for everybody before they deny a source', () => {
    const verdict = judge([
      rule('deny', '192.0.2.0/24', { id: 1 }),
      rule('permit', 'any', { id: 2, protocol: 'tcp', destination_port: 22 }),
    ]);
    expect(verdict(ipv4('192.0.2.7', { destinationPort: 22 }))).toBe('permit 2');
    expect(verdict(ipv4('192.0.2.7', { destinationPort: 23 }))).toBe('deny 1');
    expect(verdict(ipv4('198.51.100.1', { destinationPort: 23 }))).toBe('permit');
  });

  it('name the longest prefix, then the lowest id, as the rule that decided', () => {
    const verdict = judge([
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
    const verdict = judge([rule('deny', '::/0', { id: 1 }), rule('observe', '0.0.0.0/0', { id: 2 })]);
    expect(verdict(ipv4('192.0.2.1'))).toBe('observe 2');
    expect(verdict(ipv6('::ffff:192.0.2.1'))).toBe('deny 1');
  });

  it('leave alone what is not IP, whatever the default policy', () => {
    const verdict = judge([rule('deny', 'any')], { policy: 'deny' });
    expect(
      verdict({ etherType: 0x0806, ipProtocol: 255, source: undefined, destinationPort: undefined, interfaceSlot: 1 }),
    ).toBe('permit');
  });

  it('about a port match no fragment, those about its protocol do', () => {
    const verdict = judge([
      rule('deny', 'any', { id: 1, destination_port: '0-65535' }),
      rule('observe', 'any', { id: 2, protocol: 'udp' }),
    ]);
    expect(verdict(ipv4('192.0.2.1', { ipProtocol: UDP, destinationPort: 0 }))).toBe('deny 1');
    expect(verdict(ipv4('192.0.2.1', { ipProtocol: UDP, destinationPort: undefined }))).toBe('observe 2');
    expect(verdict(ipv4('192.0.2.1', { ipProtocol: 1, destinationPort: undefined }))).toBe('permit');
  });

  it('with an address that could not be read match only rules about everybody', () => {
    const unread = ipv4('192.0.2.1', { source: undefined, ipProtocol: 255, destinationPort: undefined });
    expect(judge([rule('deny', '0.0.0.0/0')])(unread)).toBe('permit');
    expect(judge([rule('deny', '0.0.0.0/0')], { policy: 'deny' })(unread)).toBe('deny');
    expect(judge([rule('deny', 'any', { id: 3 })])(unread)).toBe('deny 3');
  });

  it('about an interface hold there alone', () => {
    const verdict = judge([
      rule('deny', '192.0.2.1', { id: 1, interface: 'eth1' }),
      rule('deny', 'any', { id: 2, interface: 'gone0' }),
    ]);
    expect(verdict(ipv4('192.0.2.1', { interfaceSlot: 2 }))).toBe('deny 1');
    expect(verdict(ipv4('192.0.2.1', { interfaceSlot: 1 }))).toBe('permit');
  });

  it('end on time, and the next best takes over', () => {
    const until = (ms: number) => ({ expires_at: new Date(NOW_MS + ms).toISOString() });
    const verdict = judge([
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

  it('that ended with the Unix epoch have ended', () => {
    expect(judge([rule('deny', 'any', { expires_at: '1970-01-01T00:00:00Z' })])(ipv4('192.0.2.1'))).toBe('permit');
  });

  it('give a whole set one rule, by its longest member', () => {
    const sets = new Map([['bad', list('192.0.2.0/24', '192.0.2.128/25', '2001:db8::/32')]]);
    const rules = [
      rule('deny', 'set:bad', { id: 1 }),
      rule('deny', '192.0.2.0/24', { id: 2 }),
      rule('observe', 'set:bad', { id: 3 }),
    ];
    const verdict = judge(rules, { sets });
    expect(verdict(ipv4('192.0.2.1'))).toBe('deny 1');
    expect(verdict(ipv4('192.0.2.129'))).toBe('deny 1');
    expect(verdict(ipv6('2001:db8:ffff::1'))).toBe('deny 1');
    expect(judge(rules.slice(1), { sets })(ipv4('192.0.2.129'))).toBe('deny 2');
  });

  it.each([8, 9, 13, 20])('decide alike by a root table of %d bits', (bits) => {
    const sets = new Map([
      [
        'bad',
        list('0.0.0.0', '10.0.0.0/8', '10.1.2.3', '255.255.255.255', '::', '2001:db8::/32', '2001:db8::1', 'ffff::/16'),
      ],
    ]);
    const verdict = judge([rule('deny', 'set:bad', { id: 1 }), rule('permit', '10.1.0.0/16', { id: 2 })], {
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

describe('the image', () => {
  it('is written into the memory that is given for it', () => {
    const given: Uint8Array[] = [];
    const { image } = compile([rule('deny', '192.0.2.1')], {
      allocate: (bytes) => {
        given.push(new Uint8Array(new SharedArrayBuffer(bytes)));
        return given[0] as Uint8Array;
      },
    });
    expect(given).toEqual([image]);
    expect(image.length % RULE_LINE.size).toBe(0);
  });

  it('says until when it holds', () => {
    const { image } = compile([], { untilMonoNs: 123_456_789_012_345n });
    expect(new DataView(image.buffer).getBigUint64(RULE_HEADER.until_mono_ns, true)).toBe(123_456_789_012_345n);
  });

  it('has no table of services while no rule asks for any', () => {
    const services = (rules: Rule[]) =>
      new DataView(compile(rules).image.buffer).getUint32(RULE_HEADER.services_line, true);
    expect(services([rule('deny', '192.0.2.1')])).toBe(0);
    expect(services([rule('deny', '192.0.2.1', { protocol: 'tcp' })])).not.toBe(0);
  });

  it('does not grow with members of a set that lie in others, or side by side', () => {
    const bounds = (...networks: string[]) =>
      compile([rule('deny', 'set:bad')], { sets: new Map([['bad', list(...networks)]]) }).stats.bounds;
    const one = bounds('10.0.0.0/8', '2001:db8::/32');
    expect(bounds('10.0.0.0/8', '10.1.2.3', '10.1.0.0/16', '2001:db8::/32', '2001:db8:1::/48', '2001:db8::1')).toBe(
      one,
    );
    expect(bounds('10.0.0.0/9', '10.128.0.0/9', '2001:db8::/33', '2001:db8:8000::/33')).toBe(one);
  });

  it('is the same for the same rules in another order', () => {
    const rules = [
      rule('deny', '192.0.2.1'),
      rule('permit', 'any', { destination_port: 22 }),
      rule('observe', '192.0.2.0/24'),
    ];
    const previous = new Map(rules.map(({ id }, i) => [id, i + 1]));
    const image = (ordered: Rule[]) => compile(ordered, { counters: { limit: 9, previous } }).image;
    expect(Buffer.compare(image(rules.toReversed()), image(rules))).toBe(0);
  });
});

describe('rules that do not fit', () => {
  const at = (i: number) => new Date(NOW_MS + i).toISOString();
  const many = (count: number, more: (i: number) => Partial<Rule>) =>
    Array.from({ length: count }, (_, i) => rule('deny', 'any', more(i)));

  it('are refused when a chain of ends is longer than the program follows', () => {
    expect(() => compile(many(16, (i) => ({ expires_at: at(i) })))).not.toThrow();
    expect(() => compile(many(17, (i) => ({ expires_at: at(i) })))).toThrow(/More than 16 rules for the same packets/);
  });

  it('are refused when they name more interfaces than can be told apart', () => {
    const interfaceSlots = new Map(Array.from({ length: 20 }, (_, i) => [`eth${i}`, i + 1]));
    const rules = (count: number) => many(count, (i) => ({ interface: `eth${i}` }));
    expect(() => compile(rules(15), { interfaceSlots })).not.toThrow();
    expect(() => compile(rules(16), { interfaceSlots })).toThrow(
      'Rules name 16 interfaces, 15 can be told apart: leave the interface out of some rules.',
    );
    expect(() => compile(rules(20))).not.toThrow();
  });

  it('are refused when they have more conditions than tables hold', () => {
    expect(() => compile(many(2048, (i) => ({ destination_port: i })))).not.toThrow();
    expect(() => compile(many(2049, (i) => ({ destination_port: i })))).toThrow(/more than 2048 different conditions/);
  });

  it('are refused when sources and services together are too many', () => {
    const rules = Array.from({ length: 17_000 }, (_, i) =>
      rule('deny', `10.${i >> 8}.${i & 255}.0/24`, { destination_port: i % 2048 }),
    );
    expect(() => compile(rules, { counters: { limit: 32_768, previous: new Map() } })).toThrow(
      /Rules tell 2049 kinds of packets apart, and then no more than 16376 groups of sources/,
    );
  });

  it('are refused when a set is missing', () => {
    expect(() => compile([rule('deny', 'set:bad')])).toThrow(
      'There is no set bad: import it, or remove the rules that name it.',
    );
  });
});

describe('a block of 65,536 addresses with many networks in it', () => {
  /** Every address that is a multiple of `step`, from 10.1.0.0 on. */
  const every = (step: number, count: number) =>
    Array.from({ length: count }, (_, i) => `10.1.${(i * step) >> 8}.${(i * step) & 255}`);

  // One line has room for 7 starts, packed for 26; an address has two, where it begins and where it ends.
  it.each([3, 4, 13, 14, 100])('knows each of %d addresses, and those beside them', (count) => {
    const members = every(600, count);
    const sets = new Map([['bad', list(...members)]]);
    const verdict = judge([rule('deny', 'set:bad', { id: 1 })], { sets, rootBits: { ipv4: 16 } });
    for (const source of members) {
      const [address] = list(source).ipv4.starts;
      const around = [-1, 0, 1].map((by) => verdict({ ...ipv4('10.1.0.0'), source: [(address as number) + by] }));
      expect(around).toEqual(['permit', 'deny 1', 'permit']);
    }
    expect(verdict(ipv4('10.1.255.255'))).toBe('permit');
  });

  it('knows what is in more sets than a packed line can say', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const sets = new Map(names.map((name, i) => [name, list(`10.1.0.${i}`, `10.1.${i}.128/25`, '255.255.255.255')]));
    const rules = names.map((name, i) => rule('deny', `set:${name}`, { id: i + 1 }));
    const verdict = judge(rules, { sets, rootBits: { ipv4: 16 } });
    for (const i of names.keys()) {
      expect(verdict(ipv4(`10.1.0.${i}`))).toBe(`deny ${i + 1}`);
      expect(verdict(ipv4(`10.1.${i}.255`))).toBe(`deny ${i + 1}`);
    }
    expect(verdict(ipv4('10.1.0.5'))).toBe('permit');
    expect(verdict(ipv4('255.255.255.255'))).toBe('deny 1');
  });

  it('of a long list takes no more memory than there is to say', () => {
    let state = 1;
    const starts = Uint32Array.from({ length: 200_000 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    });
    const long: AddressList = { ...list(), ipv4: { starts, bits: new Uint8Array(starts.length).fill(32) } };
    const { image, stats } = compile([rule('deny', 'set:long')], { sets: new Map([['long', long]]) });
    expect(image.length).toBeLessThan(12 * stats.bounds);
    const compiled = new RuleImage(image);
    const unknown = starts.findIndex(
      (start) => compiled.verdict(ipv4('0.0.0.0', { source: [start] }), 0n).action !== 'deny',
    );
    expect(unknown).toBe(-1);
  });
});
