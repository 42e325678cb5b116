import { RULE_HEADER, RULE_LINE } from '@packetlog/bpf';
import type { Rule } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { compile, ipv4, list, NOW_MS, rule, ruleVerdict } from '../../../test/support/compile-fixture.ts';
import { RuleImage } from '../evaluator/rule-image.ts';
import type { AddressList } from '../lists/address-list.ts';

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

  it('contains the time until which it holds', () => {
    const { image } = compile([], { untilMonoNs: 123_456_789_012_345n });
    expect(new DataView(image.buffer).getBigUint64(RULE_HEADER.until_mono_ns, true)).toBe(123_456_789_012_345n);
  });

  it('has no service table if no rule needs one', () => {
    const services = (rules: Rule[]) =>
      new DataView(compile(rules).image.buffer).getUint32(RULE_HEADER.services_line, true);
    expect(services([rule('deny', '192.0.2.1')])).toBe(0);
    expect(services([rule('deny', '192.0.2.1', { protocol: 'tcp' })])).not.toBe(0);
  });

  it('does not grow with nested or adjacent members of a set', () => {
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

  it('are rejected when a chain of expiries is longer than the program follows', () => {
    expect(() => compile(many(16, (i) => ({ expires_at: at(i) })))).not.toThrow();
    expect(() => compile(many(17, (i) => ({ expires_at: at(i) })))).toThrow(
      /More than 16 rules match the same packets/,
    );
  });

  it('are rejected when they name more interfaces than can be distinguished', () => {
    const interfaceSlots = new Map(Array.from({ length: 20 }, (_, i) => [`eth${i}`, i + 1]));
    const rules = (count: number) => many(count, (i) => ({ interface: `eth${i}` }));
    expect(() => compile(rules(15), { interfaceSlots })).not.toThrow();
    expect(() => compile(rules(16), { interfaceSlots })).toThrow(
      'Rules name 16 interfaces, more than the 15 that can be distinguished: leave the interface out of some rules.',
    );
    expect(() => compile(rules(20))).not.toThrow();
  });

  it('are rejected when they have more conditions than tables hold', () => {
    expect(() => compile(many(2048, (i) => ({ destination_port: i })))).not.toThrow();
    expect(() => compile(many(2049, (i) => ({ destination_port: i })))).toThrow(/more than 2048 different conditions/);
  });

  it('are rejected when sources and services together are too many', () => {
    const rules = Array.from({ length: 17_000 }, (_, i) =>
      rule('deny', `10.${i >> 8}.${i & 255}.0/24`, { destination_port: i % 2048 }),
    );
    expect(() => compile(rules, { counters: { limit: 32_768, previous: new Map() } })).toThrow(
      /Rules distinguish 2049 kinds of packets, and with these at most 16376 groups of sources/,
    );
  });

  it('are rejected when a set is missing', () => {
    expect(() => compile([rule('deny', 'set:bad')])).toThrow(
      'There is no set bad: import it, or remove the rules that name it.',
    );
  });
});

describe('a block of 65,536 addresses with many networks in it', () => {
  /** Returns every address that is a multiple of `step`, from 10.1.0.0 on. */
  const every = (step: number, count: number) =>
    Array.from({ length: count }, (_, i) => `10.1.${(i * step) >> 8}.${(i * step) & 255}`);

  // A line holds 7 starts, or 26 if packed; an address takes two, for where it begins and ends.
  it.each([3, 4, 13, 14, 100])('contains each of %d addresses, but not their neighbours', (count) => {
    const members = every(600, count);
    const sets = new Map([['bad', list(...members)]]);
    const verdict = ruleVerdict([rule('deny', 'set:bad', { id: 1 })], { sets, rootBits: { ipv4: 16 } });
    for (const source of members) {
      const [address] = list(source).ipv4.starts;
      const around = [-1, 0, 1].map((by) => verdict({ ...ipv4('10.1.0.0'), source: [(address as number) + by] }));
      expect(around).toEqual(['permit', 'deny 1', 'permit']);
    }
    expect(verdict(ipv4('10.1.255.255'))).toBe('permit');
  });

  it('finds addresses of more sets than a packed line can express', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const sets = new Map(names.map((name, i) => [name, list(`10.1.0.${i}`, `10.1.${i}.128/25`, '255.255.255.255')]));
    const rules = names.map((name, i) => rule('deny', `set:${name}`, { id: i + 1 }));
    const verdict = ruleVerdict(rules, { sets, rootBits: { ipv4: 16 } });
    for (const i of names.keys()) {
      expect(verdict(ipv4(`10.1.0.${i}`))).toBe(`deny ${i + 1}`);
      expect(verdict(ipv4(`10.1.${i}.255`))).toBe(`deny ${i + 1}`);
    }
    expect(verdict(ipv4('10.1.0.5'))).toBe('permit');
    expect(verdict(ipv4('255.255.255.255'))).toBe('deny 1');
  });

  it('of a long list takes no more memory than its content needs', () => {
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
