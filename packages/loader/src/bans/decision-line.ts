import { type Decision, decisionText } from '@packetlog/common';

interface DecisionLines {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/** Logs a decision about a ban. */
export function logDecision(log: DecisionLines, decision: Decision): void {
  const { id, kind, source, rule } = decision;
  const facts = { code: 'decision', decision: id, kind, source, rule: rule.id };
  log[kind === 'ban' ? 'warn' : 'info'](facts, `Decision ${id}: ${source} ${decisionText(decision)}`);
}
