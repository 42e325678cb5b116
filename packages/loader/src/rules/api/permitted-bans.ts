import { parseNetwork, type Rule, unmapped } from '@packetlog/common';
import type { NamedSet } from '../ruleset/ruleset.ts';
import { includesSource, permitSource } from '../safety/permit-cover.ts';

/** Returns notes about permit rules that match packets of banned sources: permit wins, so the bans do not deny these. */
export function permittedBans(
  rules: readonly Rule[],
  bans: readonly Rule[],
  sets: ReadonlyMap<string, Pick<NamedSet, 'list'>>,
): string[] {
  return rules.flatMap((rule) => {
    if (rule.action !== 'permit') return [];
    const source = permitSource(rule, sets);
    if (source === undefined && rule.source !== 'any') return [];
    const banned = bans.filter((ban) => includesSource(source, unmapped(parseNetwork(ban.source))));
    const [first] = banned;
    if (first === undefined) return [];
    const sources =
      banned.length === 1
        ? `${first.source}, which is banned`
        : `${banned.length} banned sources, such as ${first.source}`;
    return `Permit wins over deny: rule ${rule.id} also permits packets from ${sources}. To end a ban: packetlog bans undo.`;
  });
}
