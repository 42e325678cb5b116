/** Rules files as rules of a group, and back. */
import { rulesFileSchema } from '@packetlog/common';
import { type FleetRules, fleetRulesSchema } from '@packetlog/common/fleet';
import { SetupError } from '../../errors/setup-error.ts';
import { applyRequest } from '../rules/apply-rules.ts';

/**
 * Reads the rules of a group from the bytes of a rules file, with the lists that it names. Throws SetupError.
 */
export function fleetRulesIn(content: Uint8Array, file: string): FleetRules {
  const { document, lists: read = {} } = applyRequest(content, file, {});
  const { rules, sets, protect } = rulesFileSchema.parse(document);
  const fail = (problem: string, next: string) =>
    new SetupError({ step: 'apply', target: file, problem, next, exit: 'usage' });
  if (protect.length > 0) {
    throw fail('it has "protect"', 'Each node protects addresses of its own: remove "protect" from the file.');
  }
  const lists = Object.entries(sets).map(([name, { entries }]) => {
    const text = entries === undefined ? read[name] : lines(entries);
    if (text !== undefined) return [name, text] as const;
    throw fail(`set ${name} has neither "file" nor "entries"`, 'Name the file with its list.');
  });
  return fleetRulesSchema.parse({
    // Without it, each node keeps its own.
    default_policy: document.default_policy,
    rules: rules.map(({ id: _, created_by: _by, created_at: _at, ...rule }) => rule),
    lists: Object.fromEntries(lists),
  });
}

/** Returns a rules file with these rules: `packetlog hub rules apply` accepts it. */
export function rulesFileOf({ default_policy, rules, lists }: FleetRules): object {
  const sets = Object.entries(lists).map(([name, text]) => {
    const entries = text.split('\n').map((line) => line.trim());
    return [name, { entries: entries.filter((line) => line !== '' && !line.startsWith('#')) }];
  });
  return { version: 1, ...(default_policy !== undefined && { default_policy }), rules, sets: Object.fromEntries(sets) };
}

const lines = (entries: readonly string[]) => entries.map((entry) => `${entry}\n`).join('');
