import { compileFilter, type FilterEnvironment, type PacketLogView, type RecordPredicate } from '@packetlog/common';
import { readFilterText } from '../../../text/filter-text.ts';

/** Colours of rows. Each has its own shape, and none is the colour of a verdict. */
export const COLOURS = ['blue', 'cyan', 'green', 'lime', 'slate'] as const;
export type Colour = (typeof COLOURS)[number];

/** Rows that match the filter get the colour. The first matching rule wins. */
export interface ColourRule {
  /** Unique among the rules. */
  readonly id: number;
  /** A filter; one that does not parse matches nothing. */
  readonly text: string;
  readonly colour: Colour;
  readonly on: boolean;
}

export type ColourRules = readonly ColourRule[];

export const NO_COLOUR_RULES: ColourRules = [];
/** Every visible row is tested against all rules. */
export const MAX_COLOUR_RULES = 12;

/** Adds a rule at the end, in the least used colour. */
export function withRule(rules: ColourRules, text: string): ColourRules {
  if (rules.length >= MAX_COLOUR_RULES) return rules;
  const uses = (colour: Colour) => rules.filter((rule) => rule.colour === colour).length;
  const colour = COLOURS.reduce((least, each) => (uses(each) < uses(least) ? each : least), COLOURS[0]);
  const id = rules.reduce((most, rule) => Math.max(most, rule.id), 0) + 1;
  return [...rules, { id, text, colour, on: true }];
}

export function withChange(rules: ColourRules, id: number, change: Partial<Omit<ColourRule, 'id'>>): ColourRules {
  return rules.map((rule) => (rule.id === id ? { ...rule, ...change } : rule));
}

export function withoutRule(rules: ColourRules, id: number): ColourRules {
  return rules.filter((rule) => rule.id !== id);
}

/** Moves a rule up (-1) or down (1). */
export function movedRule(rules: ColourRules, id: number, by: -1 | 1): ColourRules {
  const at = rules.findIndex((rule) => rule.id === id);
  const [rule, neighbour] = [rules[at], rules[at + by]];
  if (rule === undefined || neighbour === undefined) return rules;
  return rules.map((each) => (each === rule ? neighbour : each === neighbour ? rule : each));
}

/** Returns the rule that colours a record. */
export type Paint = (view: PacketLogView, index: number) => ColourRule | null;

/** Compiles the rules; null if none can match. */
export function compileColourRules(rules: ColourRules, environment: FilterEnvironment): Paint | null {
  const compiled: { rule: ColourRule; matches: RecordPredicate }[] = [];
  for (const rule of rules) {
    const { filter } = readFilterText(rule.text);
    if (rule.on && filter !== null) compiled.push({ rule, matches: compileFilter(filter, environment) });
  }
  if (compiled.length === 0) return null;
  return (view, index) => compiled.find(({ matches }) => view.matches(index, matches))?.rule ?? null;
}

/** Parses stored rules and ignores invalid ones; null if none is valid. */
export function readColourRules(stored: unknown): ColourRules | null {
  if (!Array.isArray(stored)) return null;
  const rules = stored.flatMap((each: unknown, i): ColourRule[] => {
    const { text, colour, on } = (each ?? {}) as Record<string, unknown>;
    const validColour = COLOURS.find((name) => name === colour);
    return typeof text === 'string' && validColour !== undefined
      ? [{ id: i + 1, text, colour: validColour, on: on === true }]
      : [];
  });
  return rules.length === 0 ? null : rules.slice(0, MAX_COLOUR_RULES);
}
