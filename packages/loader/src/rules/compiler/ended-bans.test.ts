import { FIRST_BAN_RULE_ID, type Rule } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, ipv4, NOW_MS, rule, UDP } from '../../../test/support/compile-fixture.ts';
import { endRules, nodesOffset } from '../../xdp/end-rules.ts';
import { RuleImage } from '../evaluator/rule-image.ts';

/** Networks around one address, so that many concern it. */
const SOURCES = ['any', '192.0.2.7', '192.0.2.6/31', '192.0.2.0/24', '192.0.2.8', '192.0.0.0/16'];
const ADDRESSES = ['192.0.2.7', '192.0.2.6', '192.0.2.8', '192.0.2.99', '192.0.9.9', '198.51.100.1'];
const at = (ms: number) => new Date(NOW_MS + ms).toISOString();
/** From before the packets to after them. */
const end = fc.integer({ min: -2, max: 6 }).map((minutes) => at(minutes * 60_000));

const rules = fc.array(
  fc
    .record({
      action: fc.constantFrom<Rule['action']>('permit', 'deny', 'observe'),
      source: fc.constantFrom(...SOURCES),
      isTcp: fc.boolean(),
      ends: fc.option(end),
    })
    .map(({ action, source, isTcp, ends }) =>
      rule(action, source, { ...(isTcp && { protocol: 'tcp' }), ...(ends && { expires_at: ends }) }),
    ),
  { maxLength: 4 },
);
const bans = fc
  .array(fc.record({ source: fc.constantFrom(...SOURCES.slice(1)), ends: end, isUndone: fc.boolean() }), {
    maxLength: 5,
  })
  .map((list) =>
    list.map(({ source, ends, isUndone }, i) => ({
      isUndone,
      rule: rule('deny', source, { id: FIRST_BAN_RULE_ID + i + 1, expires_at: ends }),
    })),
  );

/** What every kind of packet gets, now and later. */
function verdicts(image: RuleImage): string[] {
  const packets = ADDRESSES.flatMap((address) => [ipv4(address), ipv4(address, { ipProtocol: UDP })]);
  return [0, 90_000, 300_000].flatMap((laterMs) =>
    packets.map((packet) => {
      const verdict = image.verdict(packet, BigInt(NOW_MS + laterMs) * 1_000_000n);
      return verdict.by === 'rule' ? `${verdict.action} ${verdict.ruleId}` : verdict.action;
    }),
  );
}

describe('bans that are ended in the image', () => {
  it('leave what rules and other bans decide, as if they had never been compiled', () => {
    fc.assert(
      fc.property(rules, bans, (others, all) => {
        const { image } = compile([...others, ...all.map((ban) => ban.rule)]);
        const undone = new Set(all.flatMap((ban) => (ban.isUndone ? [ban.rule.id] : [])));
        endRules(image.subarray(nodesOffset(image)), undone);
        const left = all.flatMap((ban) => (ban.isUndone ? [] : [ban.rule]));
        const without = compile([...others, ...left]).image;
        expect(verdicts(new RuleImage(image))).toEqual(verdicts(new RuleImage(without)));
      }),
      { numRuns: 500 },
    );
  });

  it('are as compiled with an end in the past, so that both images can be compared', () => {
    const [deny, ban] = [
      rule('deny', '192.0.2.7', { expires_at: at(60_000) }),
      rule('deny', '192.0.2.7', { id: FIRST_BAN_RULE_ID + 1, expires_at: at(120_000) }),
    ];
    const { image } = compile([deny, ban]);
    expect(endRules(image.subarray(nodesOffset(image)), new Set([ban.id]))).toBe(true);
    expect(image).toEqual(compile([deny, { ...ban, expires_at: new Date(1).toISOString() }]).image);
  });

  it('are not found where there are none, and rules without an end stay', () => {
    const { image } = compile([rule('deny', '192.0.2.7', { id: 1 })]);
    expect(endRules(image.subarray(nodesOffset(image)), new Set([1, FIRST_BAN_RULE_ID]))).toBe(false);
    expect(verdicts(new RuleImage(image))[0]).toBe('deny 1');
  });
});
