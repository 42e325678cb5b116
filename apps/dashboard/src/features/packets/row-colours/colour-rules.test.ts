import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../../test/support/samples.ts';
import {
  COLOURS,
  type ColourRule,
  compileColourRules,
  MAX_COLOUR_RULES,
  movedRule,
  NO_COLOUR_RULES,
  readColourRules,
  withChange,
  withoutRule,
  withRule,
} from './colour-rules.ts';

const environment = { indexesOf: (name: string) => (name === 'eth0' ? [2] : []) };
const rule = (id: number, text: string, over: Partial<ColourRule> = {}): ColourRule => ({
  id,
  text,
  colour: 'blue',
  on: true,
  ...over,
});

test('the first matching rule gives a row its colour', () => {
  const paint = compileColourRules([rule(1, 'dst port 22'), rule(2, 'tcp'), rule(3, 'iface eth0')], environment);
  const batch = makeBatch([
    makePacket(),
    makePacket({ dst_port: 80 }),
    makePacket({ ip_protocol: 17, dst_port: 53 }),
    makePacket({ ip_protocol: 17, dst_port: 53, ifindex: 7 }),
  ]);
  expect([0, 1, 2, 3].map((i) => paint?.(batch, i)?.id)).toEqual([1, 2, 3, undefined]);
});

test('a rule that is off, empty or invalid colours nothing', () => {
  const paint = compileColourRules([rule(1, 'tcp', { on: false }), rule(2, ''), rule(3, 'dst prot 22')], environment);
  expect(paint).toBeNull();
});

test('rules are added, changed, moved and removed, up to a limit', () => {
  const three = withRule(withRule(withRule(NO_COLOUR_RULES, 'tcp'), 'udp'), 'icmp');
  expect(three.map(({ text }) => text)).toEqual(['tcp', 'udp', 'icmp']);
  expect(new Set(three.map(({ colour }) => colour)).size).toBe(3);
  expect(movedRule(three, 2, -1).map(({ text }) => text)).toEqual(['udp', 'tcp', 'icmp']);
  expect(movedRule(three, 3, 1)).toBe(three);
  expect(withChange(three, 2, { on: false })[1]).toMatchObject({ text: 'udp', on: false });
  expect(withoutRule(three, 1).map(({ id }) => id)).toEqual([2, 3]);
  let many = NO_COLOUR_RULES;
  for (let i = 0; i < 50; i++) many = withRule(many, 'tcp');
  expect(many).toHaveLength(MAX_COLOUR_RULES);
  expect(new Set(many.map(({ id }) => id)).size).toBe(MAX_COLOUR_RULES);
});

test('rules survive storage; invalid ones are ignored', () => {
  const rules = [rule(1, 'tcp'), rule(2, 'udp', { colour: 'lime', on: false })];
  expect(readColourRules(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
  expect(readColourRules([null, { text: 1 }, { text: 'tcp', colour: 'mauve' }])).toBeNull();
  expect(readColourRules({})).toBeNull();
});

describe('every text of a row has enough contrast on every colour (WCAG AA)', () => {
  const style = readFileSync(new URL('./row-colours.css', import.meta.url), 'utf8');
  const globals = readFileSync(new URL('../../../app/globals.css', import.meta.url), 'utf8');
  const valuesOf = (text: string) =>
    Object.fromEntries([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6}|\d+%);/g)].map(([, name, value]) => [name, value]));
  const blocks = (text: string): [string, string] => {
    const light = text.indexOf("[data-theme='light']");
    return [text.slice(0, light), text.slice(light, text.indexOf('}', light))];
  };
  const [darkStyle, lightStyle] = blocks(style);
  const [darkGlobals, lightGlobals] = blocks(globals);
  const dark = { ...valuesOf(darkGlobals), ...valuesOf(darkStyle) };
  const themes = { dark, light: { ...dark, ...valuesOf(lightGlobals), ...valuesOf(lightStyle) } };

  test.each(Object.entries(themes))('%s', (_, values) => {
    const value = (name: string) => values[name] ?? '';
    const share = Number.parseInt(value('wash'), 10) / 100;
    for (const colour of COLOURS) {
      const ground = mixed(rgb(value(`paint-${colour}`)), rgb(value('bg')), share);
      for (const text of ['fg', 'muted', 'faint', 'deny', 'would-deny', 'malformed', `paint-${colour}`]) {
        expect(contrast(rgb(value(text)), ground), `${text} on ${colour}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});

function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function mixed(over: number[], under: number[], share: number): number[] {
  return under.map((value, i) => (over[i] ?? 0) * share + value * (1 - share));
}

function contrast(a: number[], b: number[]): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: number[]): number {
  const [r = 0, g = 0, b = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
