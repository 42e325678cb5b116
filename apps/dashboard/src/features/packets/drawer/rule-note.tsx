'use client';

import { useSnapshot } from '../../../node/live-context.tsx';
import { ALL_NODES } from '../../../node/nodes.ts';
import { useNodes } from '../../../node/use-nodes.ts';
import { DOES } from '../../../text/action-text.ts';
import { decisionAddress, decisionOfRule, ruleAddress } from '../../../text/rule-address.ts';
import { effectSentence, timeLeft } from '../../../text/rule-text.ts';
import { PageLink } from '../../../ui/page-link.tsx';
import { useRulesView } from '../../rules/index.ts';

/** The current state of the rule that decided, with its author. */
export function RuleNote({ id }: { id: number }) {
  const rule = useRulesView()?.snapshot.rules.find((each) => each.id === id);
  const { shown } = useNodes();
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  if (shown === ALL_NODES) {
    return <span className="packet-sentence">Each node has its own rules: select a node above to see this one.</span>;
  }
  const decision = decisionOfRule(id);
  if (decision !== null) {
    return (
      <span className="packet-sentence">
        A ban of the source denied it.{' '}
        <PageLink href={decisionAddress(decision)} className="text-link">
          Show why
        </PageLink>
      </span>
    );
  }
  if (rule === undefined) return <span className="packet-sentence">This rule was removed.</span>;
  return (
    <span className="packet-sentence">
      {effectSentence(rule, timeLeft(rule, now), DOES)} Added by {rule.created_by}.{' '}
      <PageLink href={ruleAddress(id)} className="text-link">
        Show the rule
      </PageLink>
    </span>
  );
}
