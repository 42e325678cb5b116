/** Sentences about what the default policy deny denies, and about what proposed permit rules do not cover. */
import { type ProposedPermit, type Rule, ruleSentence } from '@packetlog/common';
import { isExpired } from '../ruleset/ruleset.ts';
import type { MachineFacts } from './machine-facts.ts';
import { type Match, sharesService } from './permit-cover.ts';

/** Maximum rules, ports and servers named in a sentence. */
const MAX_NAMED = 3;

export const POLICY_WARNING =
  'PacketLog sees incoming packets only and keeps no connection state. With the default policy deny, an IP packet ' +
  'passes only if a permit or observe rule matches it. Otherwise services that listen here become unreachable, and replies to ' +
  'connections that this machine opens are denied, too: DNS, package downloads, time, monitoring.';

/** Permit wins over deny, so the proposed rules also permit packets that deny rules deny now. */
export function overriddenWarning(
  rules: readonly Rule[],
  proposed: readonly ProposedPermit[],
  nowMs: number,
): string[] {
  const open = proposed.map(({ rule }) => rule as Match).filter(({ source }) => source === 'any');
  if (open.length === 0) return [];
  const general =
    'Permit wins over deny: deny rules, such as the bans of fail2ban, have no effect on what these rules permit.';
  const overridden = rules.filter(
    (rule) => rule.action === 'deny' && !isExpired(rule, nowMs) && open.some((permit) => sharesService(permit, rule)),
  );
  if (overridden.length === 0) return [general];
  const texts = overridden.slice(0, MAX_NAMED).map(({ expires_at: _, ...rule }) => {
    return `rule ${rule.id} (${ruleSentence({ ...rule, reason: '' }, nowMs)})`;
  });
  return [`${general} Affected now: ${named(texts, overridden.length)}.`];
}

/** `isWideMissing`: no rule in force permits replies to connections of this machine. */
export function factWarnings(
  { forwards, hasOnlyLocalResolvers, timeServers: { names } }: MachineFacts,
  isWideMissing: boolean,
): string[] {
  const warnings: string[] = [];
  if (hasOnlyLocalResolvers && isWideMissing) {
    warnings.push(
      'The name server in resolv.conf is a process of this machine, and the servers that it asks are not known: add a permit rule for each of them, or DNS stops.',
    );
  }
  if (names.length > 0 && isWideMissing) {
    warnings.push(
      `Time servers are configured by name (${named(names.slice(0, MAX_NAMED), names.length)}), but rules match addresses: without the wide rule, their answers are denied.`,
    );
  }
  if (forwards) {
    warnings.push(
      'This machine forwards packets: those to containers, virtual machines and other hosts are denied, too. Ports that it forwards are not in these rules.',
    );
  }
  return warnings;
}

/** `rules`: those that are not proposed. */
export function unproposedWarning(what: string, rules: readonly { readonly why: string }[]): string[] {
  if (rules.length === 0) return [];
  const texts = rules.slice(0, MAX_NAMED).map(({ why }) => why);
  return [`${what}: ${named(texts, rules.length)}.`];
}

function named(texts: readonly string[], count: number): string {
  const more = count - texts.length;
  return `${texts.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
