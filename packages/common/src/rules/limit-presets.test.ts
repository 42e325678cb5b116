import { describe, expect, it } from 'vitest';
import { LIMIT_PRESET_NAMES, LIMIT_PRESETS, presetDrafts } from './limit-presets.ts';
import { ruleDraftSchema, ruleSchema } from './rule.ts';
import { ruleSentence } from './sentence.ts';

describe('the presets of limits', () => {
  it('are all in the table, once', () => {
    expect(LIMIT_PRESETS.map(({ name }) => name)).toEqual([...LIMIT_PRESET_NAMES]);
  });

  it.each(LIMIT_PRESET_NAMES)('%s has valid rules, which observe and have a reason', (name) => {
    const drafts = presetDrafts(name, 'any').map((draft) => ruleDraftSchema.parse(draft));
    expect(drafts.length).toBeGreaterThan(0);
    for (const draft of drafts)
      expect(draft).toMatchObject({ action: 'limit', source: 'any', reason: `preset ${name}` });
    expect(drafts.map(({ enforce }) => enforce)).toEqual(drafts.map(() => undefined));
  });

  it('read as sentences', () => {
    const sentences = LIMIT_PRESET_NAMES.flatMap((name) =>
      presetDrafts(name, 'any').map((draft) => {
        const rule = { ...ruleDraftSchema.parse({ ...draft, reason: '' }), id: 1, created_by: 'test' };
        return ruleSentence(ruleSchema.parse({ ...rule, created_at: '2030-01-01T00:00:00Z' }), 0);
      }),
    );
    expect(sentences).toEqual([
      'limit any source to tcp port 22 to 20 connections/min per source (/64), then ban for 1 h, up to 24 h [observing]',
      'limit any source with tcp to 20 ports/min per source (/64), then block for 60 s [observing]',
      'limit any source with tcp to 100 SYN/s per source (/64) [observing]',
      'limit any source with icmp to 100 packets/s per source (/64) [observing]',
      'limit any source with icmpv6 to 100 packets/s per source (/64) [observing]',
    ]);
  });

  it.each([
    ['192.0.2.0/24', ['icmp']],
    ['2001:db8::/32', ['icmpv6']],
    ['set:x', ['icmp', 'icmpv6']],
  ])('of %s have only the ICMP of its family', (source, protocols) => {
    expect(presetDrafts('icmp', source).map(({ protocol }) => protocol)).toEqual(protocols);
  });

  it('take other values in place of theirs', () => {
    expect(presetDrafts('ssh', '192.0.2.0/24', { destination_port: 2222, rate: '5/min' })).toMatchObject([
      { source: '192.0.2.0/24', protocol: 'tcp', destination_port: 2222, rate: '5/min', measure: 'connections' },
    ]);
  });
});
