import type { Rollout } from '@packetlog/common/fleet';
import { formatCount } from '../../../text/number.ts';

const STAGE_TEXT: Readonly<Record<Rollout['stage'], string>> = {
  one: 'on one node',
  few: 'on 5 % of the nodes',
  all: 'on all nodes',
};

/** States how far a rollout is: 'Rollout of 13 is running on 5 % of the nodes.' */
export function rolloutText({ number, state, stage, why }: Rollout): string {
  if (state === 'done') return `Rollout of ${number} is done.`;
  if (state === 'running') return `Rollout of ${number} is running ${STAGE_TEXT[stage]}.`;
  return `Rollout of ${number} stopped ${STAGE_TEXT[stage]}${why === undefined ? '.' : `: ${why.replace(/\.?$/, '.')}`}`;
}

/** Parts of the nodes, for the bar and its legend; without those that are 0. */
export function rolloutParts(
  { wanted, in_force, waiting, rejected, failed }: Rollout,
  nodes: number,
): readonly { readonly name: string; readonly count: number; readonly kind: string }[] {
  const unanswered = Math.max(0, wanted - in_force - waiting - rejected - failed);
  return [
    { name: 'in force', count: in_force, kind: 'in_force' },
    { name: 'waiting', count: waiting, kind: 'waiting' },
    { name: 'rejected', count: rejected, kind: 'rejected' },
    { name: 'failed', count: failed, kind: 'failed' },
    { name: 'not answered yet', count: unanswered, kind: 'sent' },
    { name: 'not reached yet', count: Math.max(0, nodes - wanted), kind: 'later' },
  ].filter(({ count }) => count > 0);
}

/** Formats the parts: '11 in force, 1 waiting, 1 rejected, 237 not reached yet'. */
export function partsText(parts: ReturnType<typeof rolloutParts>): string {
  return parts.map(({ name, count }) => `${formatCount(count)} ${name}`).join(', ');
}
