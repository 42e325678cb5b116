import { describe, expect, it } from 'vitest';
import { flagConditionText, formatTcpFlags, parseTcpFlags } from './flag-condition.ts';
import { formatDestination, parseDestination, parseLengthRange } from './packet-condition.ts';
import { invalidRequest, rulesRequestSchemas } from './requests.ts';
import { fileRuleSchema, ruleChangesSchema, ruleDraftSchema, ruleSelectorSchema } from './rule.ts';
import { ruleSentence } from './sentence.ts';

describe('TCP flags', () => {
  it.each([
    ['syn', 0x02, 0x02, 'syn', 'SYN'],
    ['!ACK, syn', 0x12, 0x02, 'syn,!ack', 'SYN and not ACK'],
    ['urg,psh,fin', 0x29, 0x29, 'fin,psh,urg', 'FIN, PSH and URG'],
    ['!syn', 0x02, 0, '!syn', 'not SYN'],
    ['cwr,ece', 0xc0, 0xc0, 'ece,cwr', 'ECE and CWR'],
    ['none', 0xff, 0, 'none', 'no flags'],
    ['!fin,!syn,!rst,!psh,!ack,!urg,!ece,!cwr', 0xff, 0, 'none', 'no flags'],
  ])(
    'are read from %j as mask %i and value %i, written as %j, and said as %j',
    (text, mask, value, canonical, said) => {
      expect(parseTcpFlags(text)).toEqual({ mask, value });
      expect(formatTcpFlags({ mask, value })).toBe(canonical);
      expect(flagConditionText(canonical)).toBe(said);
    },
  );

  it.each([
    ['syn,!syn', '"syn,!syn" names syn twice: write it once, with or without !'],
    ['none,syn', '"none,syn" has none beside flags: write none alone'],
    ['S', '"S" has no TCP flags: write syn, syn,!ack (SYN without ACK), none (no flag), or others of fin, syn, rst'],
    ['', '"" has no TCP flags'],
    ['syn,', '"syn," has no TCP flags'],
    ['!!syn', '"!!syn" has no TCP flags'],
    ['!none', '"!none" has none beside flags'],
  ])('are rejected for %j, with what to write instead', (text, message) => {
    expect(() => parseTcpFlags(text)).toThrow(message);
  });

  it('are read as they are written, for all conditions', () => {
    for (let mask = 1; mask < 256; mask++) {
      for (let value = mask; ; value = (value - 1) & mask) {
        expect(parseTcpFlags(formatTcpFlags({ mask, value }))).toEqual({ mask, value });
        if (value === 0) break;
      }
    }
  });
});

describe('a destination', () => {
  it.each([
    ['192.0.2.2', '192.0.2.2'],
    ['192.0.2.2/32', '192.0.2.2'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['::ffff:192.0.2.2', '192.0.2.2'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
  ])('is read from %j and written as %j', (text, canonical) => {
    expect(formatDestination(parseDestination(text))).toBe(canonical);
  });

  it.each([
    ['any', '"any" is not a destination: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::1'],
    ['192.0.2.2/24', '"192.0.2.2/24" has bits set behind its prefix: write 192.0.2.0/24'],
  ])('is rejected for %j, with what to write instead', (text, message) => {
    expect(() => parseDestination(text)).toThrow(message);
  });
});

describe('the length of a frame', () => {
  it('is a number or a range', () => {
    expect([60, '60', '1400-65535'].map(parseLengthRange)).toEqual([
      { from: 60, to: 60 },
      { from: 60, to: 60 },
      { from: 1400, to: 65_535 },
    ]);
  });

  it('is rejected otherwise, with what to write instead', () => {
    expect(() => parseLengthRange('big')).toThrow(
      '"big" is not a length in bytes: write 0 to 65535, or a range as 1000-2000',
    );
    expect(() => parseLengthRange('1500-60')).toThrow('"1500-60" ends before it begins: write 60-1500');
  });
});

const all = {
  ...{ action: 'deny', source: 'any', protocol: 'tcp', tcp_flags: 'syn,!ack' },
  ...{ destination: '192.0.2.2', length: '60-80', fragment: true },
} as const;

describe('a rule with conditions', () => {
  it('is returned in canonical form', () => {
    const written = { ...all, tcp_flags: '!ack,SYN', destination: '192.0.2.2/32', length: '60-80' };
    expect(ruleDraftSchema.parse(written)).toEqual({ ...all, reason: '' });
    expect(fileRuleSchema.parse(written)).toEqual({ ...all, reason: '' });
  });

  it('loses one with null, and may be selected by each', () => {
    const none = { tcp_flags: null, destination: null, length: null, fragment: null };
    expect(ruleChangesSchema.parse(none)).toEqual(none);
    const { action: _, ...selector } = all;
    expect(ruleSelectorSchema.parse(selector)).toEqual(selector);
  });

  it.each([
    [{ tcp_flags: 'syn' }, 'rule.tcp_flags: Only TCP has flags: write the protocol tcp.'],
    [{ tcp_flags: 'syn', protocol: 'udp' }, 'rule.tcp_flags: Only TCP has flags: write the protocol tcp.'],
    [
      { action: 'limit', rate: '5/s', measure: 'connections', length: '60-80' },
      'rule.length: A limit of connections measures no single packets: leave this out.',
    ],
    [{ fragment: false }, 'rule.fragment: Write true, or leave it out.'],
    [{ length: '80-60' }, 'rule.length: "80-60" ends before it begins: write 60-80'],
  ])('requested with %j is rejected with the field and the fix', (wrong, message) => {
    const { error } = rulesRequestSchemas.add.safeParse({ rule: { action: 'deny', source: 'any', ...wrong } });
    expect(error && invalidRequest(error).message).toBe(message);
  });

  it.each([
    [{ destination: '192.0.2.2' }, 'deny any source to 192.0.2.2'],
    [{ destination: '192.0.2.2', protocol: 'udp' }, 'deny any source to 192.0.2.2 with udp'],
    [{ destination: '192.0.2.2', destination_port: 53 }, 'deny any source to 192.0.2.2 port 53'],
    [{ protocol: 'tcp', tcp_flags: 'none' }, 'deny any source with tcp, no flags'],
    [
      { ...all, destination_port: 22, fragment: undefined, interface: 'eth0' },
      'deny any source to 192.0.2.2 tcp port 22 with SYN and not ACK, frames of 60 to 80 bytes on eth0',
    ],
    [{ length: '1400-65535' }, 'deny any source, frames of 1400 bytes or more'],
    [{ length: '0-60', fragment: true }, 'deny any source, frames of at most 60 bytes, later fragments only'],
    [{ length: 60 }, 'deny any source, frames of 60 bytes'],
  ] as const)('is said as a sentence: %j', (match, sentence) => {
    expect(ruleSentence({ source: 'any', ...match, action: 'deny' }, 0)).toBe(sentence);
  });
});
