import type { PendingChange, Rule } from '@packetlog/common';
import type { Verdict } from '../../../text/verdict-text.ts';

/** `confirming`: it enforces, but reverts unless the change is confirmed. */
export type LimitState = 'observing' | 'confirming' | 'enforcing';

export interface LimitStateText {
  readonly word: string;
  /** What becomes of packets over the limit, as a sentence. */
  readonly meaning: string;
  readonly verdict: Verdict;
  /** Names the count of packets over the limit. */
  readonly over: string;
}

export const LIMIT_STATE_TEXT: Readonly<Record<LimitState, LimitStateText>> = {
  observing: {
    word: 'observing',
    meaning: 'Packets over the limit are permitted and marked.',
    verdict: 'would_deny',
    over: 'over, would deny',
  },
  confirming: {
    word: 'waiting for confirmation',
    meaning: 'Packets over the limit are denied. The limit observes again unless you confirm the change.',
    verdict: 'deny',
    over: 'over, denied',
  },
  enforcing: {
    word: 'enforcing',
    meaning: 'Packets over the limit are denied.',
    verdict: 'deny',
    over: 'over, denied',
  },
};

/** `pending`: the change that waits for its confirmation. It names one rule: `Rule 3 now denies what …`. */
export function limitState({ id, enforce }: Pick<Rule, 'id' | 'enforce'>, pending?: PendingChange): LimitState {
  if (enforce !== true) return 'observing';
  return pending?.why.startsWith(`Rule ${id} `) === true ? 'confirming' : 'enforcing';
}

/** Counts limits by what they do: '1 enforcing, 2 observing'; '' without limits. */
export function limitsText(limits: readonly Pick<Rule, 'enforce'>[]): string {
  const enforcing = limits.filter(({ enforce }) => enforce === true).length;
  const counts = [
    [enforcing, 'enforcing'],
    [limits.length - enforcing, 'observing'],
  ] as const;
  return counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(', ');
}
