'use client';

import Link from 'next/link';
import { useSnapshot } from '../../../node/live-context.tsx';
import { effectSentence, ruleAddress, timeLeft } from '../../../text/rule-text.ts';
import { DOES } from '../../../text/verdict-text.ts';
import { useRulesView } from '../../rules/index.ts';

/** The current state of the rule that decided, with its author. */
export function RuleNote({ id }: { id: number }) {
  const rule = useRulesView()?.snapshot.rules.find((each) => each.id === id);
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  if (rule === undefined) return <span className="packet-sentence">This rule was removed.</span>;
  return (
    <span className="packet-sentence">
      {effectSentence(rule, timeLeft(rule, now), DOES)} Added by {rule.created_by}.{' '}
      <Link href={ruleAddress(id)} className="text-link" prefetch={false}>
        Show the rule
      </Link>
    </span>
  );
}
