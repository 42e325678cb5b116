import { compileFilter, type FilterEnvironment, type PacketLogView, type RecordPredicate } from '@packetlog/common';
import { readFilterText } from '../../../text/filter-text.ts';

/** Each has a shape of its own, so that it is not told by colour alone; none is a colour that means a verdict. */
export const COLOURS = ['blue', 'cyan', 'green', 'lime', 'slate'] as const;
export type Colour = (typeof COLOURS)[number];

/** Rows that a filter lets through get a colour. Of several rules the first one counts. */
export interface ColourRule {
  /** Not twice among the rules. */
  readonly id: number;
  /** In the language of the filter; one that does not parse colours nothing. */
  readonly text: string;
  readonly colour: Colour;
  readonly on: boolean;
}

export type ColourRules = readonly ColourRule[];

export const NO_COLOUR_RULES: ColourRules = [];
/** Each row on the screen is asked by all of them. */
export const MAX_COLOUR_RULES = 12;

/** A new rule at the end, in the colour that is used least. */
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

/** One place up (-1) or down (1); at the end it stays. */
export function movedRule(rules: ColourRules, id: number, by: -1 | 1): ColourRules {
  const at = rules.findIndex((rule) => rule.id === id);
  const [rule, neighbour] = [rules[at], rules[at + by]];
  if (rule === undefined || neighbour === undefined) return rules;
  return rules.map((each) => (each === rule ? neighbour : each === neighbour ? rule : each));
}

/** The rule whose colour a record has. */
export type Paint = (view: PacketLogView, index: number) => ColourRule | null;

/** null: no rule can colour anything. */
export function compileColourRules(rules: ColourRules, environment: FilterEnvironment): Paint | null {
  const compiled: { rule: ColourRule; matches: RecordPredicate }[] = [];
  for (const rule of rules) {
    const { filter } = readFilterText(rule.text);
    if (rule.on && filter !== null) compiled.push({ rule, matches: compileFilter(filter, environment) });
  }
  if (compiled.length === 0) return null;
  return (view, index) => compiled.find(({ matches }) => view.matches(index, matches))?.rule ?? null;
}

/** What was kept once, as far as it makes sense; null: nothing does. */
export function readColourRules(stored: unknown): ColourRules | null {
  if (!Array.isArray(stored)) return null;
  const rules = stored.flatMap((each: unknown, i): ColourRule[] => {
    const { text, colour, on } = (each ?? {}) as Record<string, unknown>;
    const known = COLOURS.find((name) => name === colour);
    return typeof text === 'string' && known !== undefined ? [{ id: i + 1, text, colour: known, on: on === true }] : [];
  });
  return rules.length === 0 ? null : rules.slice(0, MAX_COLOUR_RULES);
}
