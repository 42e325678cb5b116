// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import { describe, expect, it, test } from 'vitest';
import { limitNumbers, limitText, parsePer, parseRate, parseThen } from './limit.ts';
import { fileRuleSchema, type Rule, ruleChangesSchema, ruleDraftSchema } from './rule.ts';
import { ruleSentence } from './sentence.ts';

const problem = (draft: object): string => {
  const read = ruleDraftSchema.safeParse({ action: 'limit', source: 'any', rate: '20/min', ...draft });
  const issue = read.error?.issues[0];
  return issue === undefined ? 'valid' : `${issue.path.join('.')}: ${issue.message}`;
};

describe('a rate', () => {
  it.each([
    ['20/min', { count: 20, seconds: 60 }],
    ['1000/s', { count: 1000, seconds: 1 }],
    ['5/h', { count: 5, seconds: 3600 }],
    ['10M/s', { count: 10_000_000, seconds: 1 }],
    ['2k/min', { count: 2000, seconds: 60 }],
  ])('%s', (text, rate) => expect(parseRate(text)).toEqual(rate));

  it.each(['', '20', '0/s', '-1/s', '1.5/s', '20/sec', '20 /min', '1K/s', '20/min ', '/s', 'k/s'])(
    'is not %j',
    (text) => expect(() => parseRate(text)).toThrow('is not a rate: write 20/min'),
  );
});

describe('a bucket', () => {
  it.each([
    ['source', { kind: 'source', bits4: 32, bits6: 64 }],
    ['source/24', { kind: 'source', bits4: 24, bits6: 64 }],
    ['source/24,48', { kind: 'source', bits4: 24, bits6: 48 }],
    ['rule', { kind: 'rule' }],
    ['port', { kind: 'port' }],
  ])('%s', (text, per) => expect(parsePer(text)).toEqual(per));

  it.each(['', 'sources', 'source/0', 'source/33', 'source/24,65', 'source/24,0', 'source/24/48', 'rule/1'])(
    'is not %j',
    (text) => expect(() => parsePer(text)).toThrow('is not a bucket'),
  );
});

describe('what follows', () => {
  it('is a block of at most 10 minutes', () => {
    expect(parseThen('block:60s')).toEqual({ kind: 'block', ms: 60_000 });
    expect(parseThen('block:10m')).toEqual({ kind: 'block', ms: 600_000 });
    expect(() => parseThen('block:601s')).toThrow('is longer than 10 minutes');
    expect(() => parseThen('deny')).toThrow('is not a consequence');
  });

  it('is a ban of 1 minute to 30 days, which may grow', () => {
    expect(parseThen('ban:1h')).toEqual({ kind: 'ban', firstMs: 3_600_000, maxMs: 3_600_000 });
    expect(parseThen('ban:1m..30d')).toEqual({ kind: 'ban', firstMs: 60_000, maxMs: 2_592_000_000 });
    for (const text of ['ban:59s', 'ban:1h..31d'])
      expect(() => parseThen(text)).toThrow('between 1 minute and 30 days');
    expect(() => parseThen('ban:24h..1h')).toThrow('write the shorter time first');
    expect(() => parseThen('ban:1h..2h..3h')).toThrow('is not a ban');
    for (const text of ['ban:', 'ban:..1h', 'ban:1h..']) expect(() => parseThen(text)).toThrow('is not a duration');
  });
});

describe('a limit', () => {
  it.each([
    [{ measure: 'connections', protocol: 'tcp', then: 'ban:1h..24h', per: 'source/24,48' }, 'valid'],
    [{ measure: 'connections', then: 'block:60s', per: 'rule' }, 'valid'],
    [{ measure: 'ports', then: 'block:60s' }, 'valid'],
    [{ measure: 'ports', protocol: 'udp', rate: '24/s' }, 'valid'],
    [{ measure: 'ports', rate: '25/s' }, 'rate: Write at most 24 ports: the kernel remembers as many.'],
    [{ measure: 'ports', burst: 25 }, 'burst: Write at most 24 ports: the kernel remembers as many.'],
    [
      { measure: 'ports', protocol: 'sctp' },
      'measure: Ports are counted of TCP and UDP: write the protocol tcp or udp, or measure packets.',
    ],
    [
      { measure: 'ports', per: 'port' },
      'per: A port has one port: write the bucket source or rule, or measure packets.',
    ],
    [
      { measure: 'connections', protocol: 'udp' },
      'measure: Only connections of TCP are verified: write the protocol tcp, or measure packets.',
    ],
    [
      { measure: 'connections', per: 'rule', then: 'ban:1h' },
      'then: Only a source can be banned: write the bucket source, or block:60s.',
    ],
    [{}, 'valid'],
    [{ measure: 'syn', protocol: 'tcp', then: 'block:60s', per: 'source/24', burst: 40, enforce: true }, 'valid'],
    [{ protocol: 'udp', then: 'block:60s' }, 'valid'],
    [{ rate: undefined }, 'rate: A limit needs a rate: write 20/min, 1000/s or 10M/s.'],
    [{ rate: '20' }, 'rate: "20" is not a rate: write 20/min, 1000/s, 5/h or 10M/s'],
    [{ rate: '2G/s' }, 'rate: Write at most 1000000000 packets.'],
    [{ rate: '10/s', measure: 'bytes' }, 'rate: Write at least 1000 bytes.'],
    [{ measure: 'syn', protocol: 'udp' }, 'measure: Only TCP has SYN: write the protocol tcp, or measure packets.'],
    [
      { protocol: 'tcp', then: 'block:60s' },
      'then: A block would end open TCP connections: measure syn or connections, or write another protocol such as udp.',
    ],
    [{ action: 'deny' }, 'rate: Only limit rules have this: leave it out, or write the action limit.'],
  ])('with %j is %s', (draft, expected) => expect(problem(draft)).toBe(expected));

  it.each(['packets', 'bytes', 'syn', 'ports'])('of %s, whose sources can be forged, does not ban', (measure) => {
    const rate = measure === 'bytes' ? '1M/s' : '20/s';
    expect(problem({ measure, rate, then: 'ban:1h' })).toBe(
      'then: A forged source could be banned: measure connections, which are verified, or write block:60s.',
    );
  });

  it('has the number in the rate as burst unless it is given', () => {
    expect(limitNumbers({ rate: '20/min' })).toMatchObject({ burst: 20, measure: 'packets', blockMs: 0 });
    expect(limitNumbers({ rate: '20/min', burst: 5 })).toMatchObject({ burst: 5 });
  });

  it('is read from a file as it was written', () => {
    const rule = { action: 'limit', source: 'any', reason: '', rate: '20/min', per: 'port', enforce: true };
    expect(fileRuleSchema.parse(rule)).toEqual(rule);
  });

  it('loses a number by null', () => {
    expect(ruleChangesSchema.parse({ burst: null, rate: '5/s' })).toEqual({ burst: null, rate: '5/s' });
  });
});

test.each([
  [{ measure: 'syn' }, '20 SYN/min per source (/64) [observing]'],
  [{ enforce: true }, '20 packets/min per source (/64)'],
  [{ per: 'source/24', burst: 40 }, '20 packets/min per source (/24, IPv6 /64), burst 40 [observing]'],
  [{ per: 'rule', then: 'block:60s', enforce: true }, '20 packets/min in all, then block for 60 s'],
  [{ rate: '10M/s', measure: 'bytes', per: 'port' }, '10M bytes/s per port [observing]'],
  [{ measure: 'ports', then: 'block:60s' }, '20 ports/min per source (/64), then block for 60 s [observing]'],
  [
    { measure: 'connections', then: 'ban:1h..24h' },
    '20 connections/min per source (/64), then ban for 1 h, up to 24 h [observing]',
  ],
  [
    { measure: 'connections', then: 'ban:1h30m' },
    '20 connections/min per source (/64), then ban for 1 h 30 min [observing]',
  ],
] as const)('a limit with %j is %s', (numbers, text) => expect(limitText({ rate: '20/min', ...numbers })).toBe(text));

test('a limit is one sentence', () => {
  const rule = {
    action: 'limit',
    source: 'any',
    protocol: 'tcp',
    destination_port: 22,
    rate: '20/min',
    measure: 'syn',
  };
  expect(ruleSentence({ ...rule, reason: 'ssh' } as unknown as Rule, 0)).toBe(
    'limit any source to tcp port 22 to 20 SYN/min per source (/64) [observing], because: ssh',
  );
});
