import { describe, expect, it } from 'vitest';
import { invalidRequest, rulesRequestSchemas } from './requests.ts';
import { fileRuleSchema, ruleChangesSchema, ruleDraftSchema, ruleSchema } from './rule.ts';
import { rulesFileSchema } from './rules-file.ts';
import { ruleSentence } from './sentence.ts';

const rule = {
  id: 7,
  action: 'deny',
  source: '203.0.113.0/24',
  protocol: 'tcp',
  destination_port: 22,
  interface: 'eth0',
  reason: 'brute force',
  created_by: 'root',
  created_at: '2030-01-01T00:00:00Z',
  expires_at: '2030-01-01T01:00:00.5Z',
} as const;

/** Returns the error for a draft. */
function problem(draft: object): string {
  const { error } = rulesRequestSchemas.add.safeParse({ rule: draft });
  return error ? invalidRequest(error).message : 'nothing';
}

describe('a rule', () => {
  it('is accepted unchanged, even as JSON', () => {
    expect(ruleSchema.parse(JSON.parse(JSON.stringify(rule)))).toEqual(rule);
  });

  it('is returned in canonical form', () => {
    const written = { ...rule, source: '203.0.113.7/32', protocol: 6, destination_port: '22-22' };
    expect(ruleSchema.parse(written)).toEqual({ ...rule, source: '203.0.113.7' });
  });

  it.each([
    [
      { source: '203.0.113.7/24' },
      'rule.source: "203.0.113.7/24" has bits set behind its prefix: write 203.0.113.0/24',
    ],
    [{ action: 'drop' }, 'rule.action: Write permit, deny, limit or observe.'],
    [
      { protocol: 'icmp', destination_port: 3 },
      'rule.destination_port: This protocol has no ports: leave the port out, or write tcp, udp, sctp or udplite.',
    ],
    [
      { protocol: 'tpc' },
      'rule.protocol: "tpc" is not a protocol: write tcp, udp, icmp, icmpv6, sctp, … or a number of 0 to 255',
    ],
    [{ for: '1h', expires_at: rule.expires_at }, 'rule.for: Give `for` or `expires_at`, not both.'],
    [{ for: '1 hour' }, 'rule.for: "1 hour" is not a duration: write 30s, 15m, 1h, 7d or 1h30m'],
    [{ expires_at: 'tomorrow' }, 'rule.expires_at: Write a time in UTC as 2030-01-31T12:00:00Z.'],
    [{ expires_at: '2030-01-01T00:00:00+01:00' }, 'rule.expires_at: Write a time in UTC as 2030-01-31T12:00:00Z.'],
    [{ reason: 'two\nlines' }, 'rule.reason: Write one line, without control characters.'],
    [{ reason: 'evil \u202e' }, 'rule.reason: Write one line, without control characters.'],
    [{ reason: 'x'.repeat(501) }, 'rule.reason: Write at most 500 characters.'],
    [{ interface: 'a/b' }, 'rule.interface: Write the name of an interface: 1 to 15 characters, as in `ip link`.'],
  ])('requested with %j is rejected with the field and the fix', (wrong, message) => {
    expect(problem({ action: 'deny', source: 'any', ...wrong })).toBe(message);
  });

  it('requires only an action and a source', () => {
    expect(ruleDraftSchema.parse({ action: 'deny', source: 'any' })).toEqual({
      action: 'deny',
      source: 'any',
      reason: '',
    });
  });

  it('with a source that is too long is invalid, and not an exception', () => {
    const parsed = ruleDraftSchema.safeParse({ action: 'deny', source: `1${'.2'.repeat(50)}`, protocol: 'tcp' });
    expect(parsed.error?.issues).toMatchObject([{ path: ['source'], message: 'Write at most 96 characters.' }]);
  });

  it('cannot be requested with an id', () => {
    expect(problem({ action: 'deny', source: 'any', id: 1 })).toMatch(/id/);
  });

  it('loses a condition that is set to null', () => {
    expect(ruleChangesSchema.parse({ protocol: null, destination_port: null, expires_at: null })).toEqual({
      protocol: null,
      destination_port: null,
      expires_at: null,
    });
  });

  it('in a file may lack the fields that the loader assigns', () => {
    expect(fileRuleSchema.parse({ action: 'observe', source: 'set:x' })).toEqual({
      action: 'observe',
      source: 'set:x',
      reason: '',
    });
  });
});

describe('the rules file', () => {
  it('may contain only its version', () => {
    expect(rulesFileSchema.parse({ version: 1 })).toEqual({
      version: 1,
      default_policy: 'permit',
      rules: [],
      sets: {},
      protect: [],
    });
  });

  it.each([
    { version: 2 },
    { version: 1, rulez: [] },
    { version: 1, rules: [{ ...rule, id: 0 }] },
    { version: 1, rules: [{ ...rule, souce: 'any' }] },
    { version: 1, sets: { '../etc': {} } },
    { version: 1, sets: { x: { entries: ['10.0.0.1/8'] } } },
    { version: 1, protect: ['gateway'] },
    { version: 1, default_policy: 'drop' },
  ])('is rejected with an error in it: %j', (file) => {
    expect(rulesFileSchema.safeParse(file).success).toBe(false);
  });
});

describe('the sentence about a rule', () => {
  const now = Date.parse('2030-01-01T00:00:30Z');

  it.each([
    [rule, 'deny 203.0.113.0/24 to tcp port 22 on eth0 for 59 min 30 s, because: brute force'],
    [{ action: 'permit', source: 'any', protocol: 'icmp' }, 'permit any source with icmp'],
    [
      { action: 'observe', source: 'set:drop', destination_port: '1000-2000' },
      'observe the set drop to ports 1000-2000',
    ],
    [{ action: 'deny', source: '::/0', protocol: 99, reason: '' }, 'deny ::/0 with protocol 99'],
    [{ action: 'deny', source: 'any', expires_at: '2030-01-01T00:00:30Z' }, 'deny any source (expired)'],
  ] as const)('contains every part of %j', (about, sentence) => {
    expect(ruleSentence(about, now)).toBe(sentence);
  });
});
