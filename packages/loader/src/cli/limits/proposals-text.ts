/** Proposed limits as text. Pure. */
import { ruleDraftSchema, ruleSentence } from '@packetlog/common';
import { one } from '../rules/rules-text.ts';
import type { TriedProposal } from './propose-limits.ts';

const grouped = (value: number) => value.toLocaleString('en-US');

/** Returns a paragraph for each proposal, with the command that adds it. `uncounted`: what there was no memory for. */
export function proposalsText(proposals: readonly TriedProposal[], uncounted: number): string[] {
  const lost =
    uncounted === 0 ? [] : [`Not counted, because there were too many sources: ${grouped(uncounted)} packets.`];
  if (proposals.length === 0)
    return ['No limit is proposed: no service was used enough in this range. Give a longer one with --from.', ...lost];
  return [
    'Twice what 95 % of the active minutes (UDP: seconds) of sources have at most. Nothing was changed.',
    ...proposals.flatMap((proposal) => ['', ...proposalText(proposal)]),
    ...lost,
  ];
}

function proposalText({ rule, sources, p95, most, dry_run }: TriedProposal): string[] {
  const { protocol, destination_port, rate, measure } = rule;
  const unit = measure === 'connections' ? 'connections/min' : 'packets/s';
  const option = measure === undefined ? '' : ` --measure ${measure}`;
  const over =
    dry_run === null
      ? []
      : [
          `  dry run: at most ${grouped(dry_run.over)} of ${grouped(dry_run.seen)} would have been over, from ${one(dry_run.buckets, 'source')}`,
        ];
  return [
    ruleSentence(ruleDraftSchema.parse({ ...rule, reason: '' }), 0),
    `  ${one(sources, 'source')}, usually at most ${grouped(p95)} ${unit}, the most was ${grouped(most)}`,
    ...over,
    `  packetlog rules add limit any --protocol ${protocol} --port ${destination_port} --rate ${rate}${option} --reason proposed`,
  ];
}
