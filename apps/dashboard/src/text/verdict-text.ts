/** The text of every verdict: what became of a packet. */
import { actionName } from '@packetlog/common';

/** What became of a packet. Each verdict has its own colour and shape. */
export type Verdict = 'permit' | 'deny' | 'would_deny' | 'malformed' | 'aborted';

/** Returns the verdict of a record. `reason` is the name of its reason. */
export function verdictOf(action: number, reason: string): Verdict {
  const name = actionName(action);
  if (name === 'deny') return 'deny';
  if (name !== 'permit') return 'aborted';
  if (reason === 'would_deny' || reason === 'would_limit') return 'would_deny';
  return reason === 'malformed' || reason === 'truncated' || reason === 'extension_limit' || reason === 'vlan_limit'
    ? 'malformed'
    : 'permit';
}

export interface VerdictText {
  /** Names a count of such packets, or a line of the chart: 'denied'. */
  readonly label: string;
  /** Names one such packet: 'Denied'. */
  readonly title: string;
  /** What became of such a packet, as a sentence. */
  readonly meaning: string;
}

export const VERDICT_TEXT: Readonly<Record<Verdict, VerdictText>> = {
  permit: { label: 'permitted', title: 'Permitted', meaning: 'Passed to the network stack.' },
  deny: { label: 'denied', title: 'Denied', meaning: 'Denied by a rule or by the default policy.' },
  would_deny: {
    label: 'would deny',
    title: 'Permitted, would deny',
    meaning: 'Permitted, and marked by an observe rule or a limit.',
  },
  malformed: {
    label: 'malformed',
    title: 'Permitted, malformed',
    meaning: 'Permitted; its headers could not be read.',
  },
  aborted: { label: 'aborted', title: 'Aborted', meaning: 'Lost to an error of the XDP program.' },
};
