import { type Rule, ruleSchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../compiler/compile.ts';
import { decidesAlike, summarizeImage } from './image-rules.ts';

const END = '2030-01-01T00:00:00.000Z';
const rule = (id: number, draft: Partial<Rule>): Rule =>
  ruleSchema.parse({ id, action: 'deny', source: 'any', reason: '', created_by: 'test', created_at: END, ...draft });

function imageOf(rules: readonly Rule[], previous: ReadonlyMap<number, number> = new Map()): Uint8Array {
  let image: Uint8Array = new Uint8Array(0);
  compileRules({
    rules,
    defaultPolicy: 'deny',
    sets: new Map(),
    interfaceSlots: new Map([['eth0', 1]]),
    counters: { limit: 64, previous },
    allocate: (bytes) => {
      image = new Uint8Array(new SharedArrayBuffer(bytes));
      return image;
    },
  });
  return image;
}

const RULES = [
  rule(3, { source: '192.0.2.1' }),
  rule(7, { action: 'permit', source: '2001:db8::/32', expires_at: END }),
  rule(9, { action: 'observe', protocol: 'tcp', destination_port: 22, interface: 'eth0' }),
];

describe('an image', () => {
  it('says which rules are in it', () => {
    expect(summarizeImage(imageOf(RULES))).toMatchObject({
      defaultPolicy: 'deny',
      untilMonoNs: 0n,
      rules: [
        { id: 3, action: 'deny', expiresMs: undefined },
        { id: 7, action: 'permit', expiresMs: Date.parse(END) },
        { id: 9, action: 'observe' },
      ],
    });
    expect(summarizeImage(new Uint8Array(64))).toBeUndefined();
    expect(summarizeImage(new Uint8Array(0))).toBeUndefined();
  });

  it('decides like one of the same rules with other counter slots, and not like one of other rules', () => {
    const image = imageOf(RULES);
    const elsewhere = imageOf(RULES, new Map([[3, 40]]));
    expect(summarizeImage(elsewhere)?.rules[0]?.counterSlot).toBe(40);
    expect(decidesAlike(image, elsewhere)).toBe(true);
    const [first, second, third] = RULES as [Rule, Rule, Rule];
    for (const change of [{ source: '192.0.2.2' }, { action: 'observe' as const }, { expires_at: END }]) {
      expect(decidesAlike(image, imageOf([{ ...first, ...change }, second, third]))).toBe(false);
    }
    expect(decidesAlike(image, imageOf([first, second, { ...third, destination_port: 23 }]))).toBe(false);
  });
});
