import {
  kindName,
  type OwnPeer,
  type PermitProposals,
  packetCondition,
  type Rule,
  type RuleDraft,
} from '@packetlog/common';
import { counted } from '../../../text/number.ts';

/** Rules that a dry run may send: a message has at most 64 KiB. */
const MAX_DRY_RUN_RULES = 200;

/** Ticks all rules but the wide one. */
export function initialChoice({ rules }: PermitProposals): readonly boolean[] {
  return rules.map(({ is_wide }) => !is_wide);
}

export function chosenPermits({ rules }: PermitProposals, choice: readonly boolean[]): readonly RuleDraft[] {
  return rules.filter((_, index) => choice[index]).map(({ rule }) => rule);
}

export function listeningText(listeners: PermitProposals['wide_listeners']): string {
  if (listeners.length === 0) return 'Nothing listens on these ports now.';
  const names = listeners.map(
    ({ process, ...kind }) => `${kindName(kind)}${process === undefined ? '' : ` (${process})`}`,
  );
  return `Listening on these ports now: ${names.join(', ')}.`;
}

export function stoppingText({ total, examples }: PermitProposals['stopping']): string {
  const some = total > examples.length ? ', for example' : '';
  return `Without this rule, replies to ${counted(total, 'open connection')} stop${some}:`;
}

/** Names the peer of a connection and its process: '198.51.100.7:443 to curl'. */
export function peerText({ addr, port, process }: OwnPeer): string {
  const endpoint = addr.includes(':') ? `[${addr}]:${port}` : `${addr}:${port}`;
  return process === undefined ? endpoint : `${endpoint} to ${process}`;
}

/** Labels the button: it says how many rules come with the policy. */
export function denyLabel(permits: number): string {
  return permits === 0 ? 'Deny by default' : `Deny by default, add ${counted(permits, 'rule')}`;
}

/** Returns the rules of a dry run of the policy with these permit rules; null: there are too many for a message. */
export function dryRunRules(inForce: readonly Rule[], permits: readonly RuleDraft[]): RuleDraft[] | null {
  if (inForce.length + permits.length > MAX_DRY_RUN_RULES) return null;
  // Dry runs evaluate no limits.
  const others = inForce.filter(({ action }) => action !== 'limit');
  const drafts = others.map((rule): RuleDraft => {
    const { action, source, protocol, destination_port, interface: name } = rule;
    return {
      action,
      source,
      ...(protocol !== undefined && { protocol }),
      ...(destination_port !== undefined && { destination_port }),
      ...(name !== undefined && { interface: name }),
      ...packetCondition(rule),
    };
  });
  return [...drafts, ...permits];
}
