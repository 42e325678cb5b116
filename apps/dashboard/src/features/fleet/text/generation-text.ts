import type { FleetNode, Role } from '@packetlog/common/fleet';
import { counted } from '../../../text/number.ts';
import type { CellText } from './node-cells.ts';

/** How a node stands to the rules of its group, worst last. */
export const RULES_STATES = ['own', 'in_force', 'sent', 'waiting', 'drift', 'failed', 'rejected'] as const;
export type RulesState = (typeof RULES_STATES)[number];

export function rulesStateOf({ wanted, report }: FleetNode): RulesState {
  const { generation, answer, drift } = report?.rules ?? {};
  const isNewest = answer !== undefined && answer.number === Math.max(wanted ?? 0, answer.number);
  if (isNewest && answer.state !== 'in_force') return answer.state;
  if (drift !== undefined && drift.length > 0) return 'drift';
  if (wanted !== undefined && wanted !== generation?.number) return 'sent';
  return generation === undefined ? 'own' : 'in_force';
}

/** Describes the rules of a node: '12 in force', '13 rejected: lockout', '12 in force, changed on the node'. */
export function generationText(node: FleetNode, nowMs: number): CellText {
  const { generation, answer, drift = [] } = node.report?.rules ?? {};
  const number = generation?.number ?? 0;
  switch (rulesStateOf(node)) {
    case 'own':
      return {
        text: 'only its own',
        tone: 'faint',
        title: 'The group has no rules, or they have not reached this node.',
      };
    case 'in_force':
      return {
        text: `${number} in force`,
        tone: 'plain',
        title: `Generation ${number} of the group’s rules is in force.`,
      };
    case 'sent': {
      const before = number === 0 ? 'Until then only its own rules are in force.' : `Until then ${number} is in force.`;
      return {
        text: `${node.wanted ?? 0} not answered yet`,
        tone: 'warn',
        title: `The hub wants generation ${node.wanted ?? 0} here, and the node has not answered. ${before}`,
      };
    }
    case 'waiting': {
      const until = answer?.pending_until_ms;
      const title =
        until === undefined
          ? 'The node has not decided yet.'
          : `It is risky: in force on trial, and reverts in ${Math.max(0, Math.round((until - nowMs) / 1000))} s unless the hub confirms it.`;
      return {
        text: `${answer?.number ?? 0} waiting`,
        tone: 'warn',
        title: `${title} ${answer?.message ?? ''}`.trim(),
      };
    }
    case 'drift':
      return {
        text: `${number} changed on the node`,
        tone: 'warn',
        title: `Drift: the group’s rules were changed on this node.\n${drift.join('\n')}`,
      };
    case 'rejected':
      return {
        text: `${answer?.number ?? 0} rejected${answer?.code === undefined ? '' : `: ${answer.code}`}`,
        tone: 'deny',
        title: answer?.message ?? 'The node rejected the generation.',
      };
    case 'failed':
      return {
        text: `${answer?.number ?? 0} failed${answer?.code === undefined ? '' : `: ${answer.code}`}`,
        tone: 'deny',
        title: answer?.message ?? 'The node could not put the generation in force.',
      };
  }
}

/** Returns whether a person may change the rules of a group. */
export function mayChangeRules(role: Role, group: string): boolean {
  return role.kind === 'admin' || (role.kind === 'rules' && role.groups.includes(group));
}

/** Describes a role: what it permits. */
export function roleText(role: Role): string {
  if (role.kind === 'admin') return 'administers the fleet';
  if (role.kind === 'look') return 'sees everything, changes nothing';
  return `sees everything, changes rules of ${counted(role.groups.length, 'group')}: ${role.groups.join(', ')}`;
}
