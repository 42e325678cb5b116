import {
  hasPacketCondition,
  kindName,
  type LearnedKind,
  type PacketCondition,
  type PastLearned,
  type Rule,
  type RuleDraft,
  serviceName,
} from '@packetlog/common';
import { counted, formatCount } from '../../../text/number.ts';

/** A set of sources to choose: its label, and its part of the question. */
export interface SourceChoice {
  readonly label: string;
  readonly title: string;
  readonly request: { readonly sources: string[] } | { readonly filter: string };
}

/** Says what the sources sent, and how much of it no other source sent. */
export function learnedSummary({ sources, only }: PastLearned): string {
  if (sources.distinct === 0) return 'These sources sent no packets that are recorded in this time.';
  const sent = `${counted(sources.distinct, 'source')} sent ${counted(sources.packets, 'packet')}`;
  const packets = packetsOf(only);
  if (packets === 0) return `${sent}. Other sources sent packets of the same kinds, too.`;
  return `${sent}, ${formatCount(packets)} of them of ${counted(only.distinct, 'kind')} that no other source sent.`;
}

/** Says whether the packets of all sources are known. */
export function learnedCoverage({ coverage: { packets, records, missing } }: PastLearned): string {
  const sampled = records < packets ? ' Sampled: packets of other sources may be missing.' : '';
  const compared = `Compared with all ${counted(packets, 'recorded packet')}`;
  if (missing.length === 0) return `${compared}, complete.${sampled}`;
  return `${compared}. ${missing.map(({ message }) => message).join(' ')}${sampled}`;
}

type SharedKind = LearnedKind & { readonly other_packets?: number };

/** Returns the rows of a table of kinds. */
export function kindRows(
  entries: readonly SharedKind[],
): readonly { key: string; name: string; note: string; packets: number }[] {
  return entries.map((kind) => {
    const name = kindName(kind);
    const service = kind.port === undefined ? '' : serviceName(kind.ip_protocol, kind.port);
    const others = kind.other_packets === undefined ? '' : `others: ${counted(kind.other_packets, 'packet')}`;
    const note = [service, counted(kind.sources, 'source'), others].filter(Boolean).join(', ');
    return { key: name, name, note, packets: kind.packets };
  });
}

export function packetsOf({ entries, others }: PastLearned['only']): number {
  return entries.reduce((sum, { packets }) => sum + packets, others.packets);
}

/** Says which packets the rules by kind leave; '' if none that only the set sent. */
export function uncoveredText({ by_kind: { uncovered, rules } }: PastLearned): string {
  if (uncovered.kinds === 0) return '';
  const these = rules.length === 0 ? 'No rule by kind denies the' : 'These rules do not deny';
  return `${these} ${counted(uncovered.packets, 'packet')} of ${counted(uncovered.kinds, 'kind')} that only these sources sent: a rule cannot match the kind alone, or there would be too many rules.`;
}

/** Returns whether a rule with this action and match exists. */
export function isInForce(
  draft: RuleDraft,
  rules: readonly (PacketCondition & Pick<Rule, 'action' | 'source' | 'protocol' | 'destination_port' | 'interface'>)[],
): boolean {
  return rules.some(
    ({ action, source, protocol, destination_port, interface: name, ...rest }) =>
      action === draft.action &&
      source === draft.source &&
      protocol === draft.protocol &&
      destination_port === draft.destination_port &&
      name === undefined &&
      !hasPacketCondition(rest),
  );
}
