import { type AuditEntry, type Rule, ruleSentence } from '@packetlog/common';
import { counted, formatCount } from '../../../text/number.ts';

const VIA = {
  socket: 'a dashboard or client',
  control: 'the command line',
  file: 'the rules file',
  loader: 'packetlog itself',
} as const;

/** Names the author of a change: 'root, from the command line'. */
export function authorText({ name, via }: Pick<AuditEntry['who'], 'name' | 'via'>): string {
  return `${name}, from ${VIA[via]}`;
}

/** Describes an entry in one line: 'added rule 12: deny 203.0.113.7 …'. */
export function auditSentence({ what, why, before, after, at }: AuditEntry): string {
  const [then, now] = [before?.rules ?? [], after?.rules ?? []];
  const rules = (verb: string, list: readonly Rule[]) => `${verb} ${rulesText(list, Date.parse(at))}`;
  switch (what) {
    case 'add':
      return rules('added', now);
    case 'edit':
      return rules('changed', now);
    case 'remove':
      return rules('removed', then);
    case 'policy':
      return `set the default policy${after?.default_policy === undefined ? '' : ` to ${after.default_policy}`}${now.length === 0 ? '' : `, and ${rules('added', now)}`}`;
    case 'import':
      return `imported ${(after?.sets ?? []).map(({ name, entries }) => `set ${name}, ${entriesText(entries)}`).join('; ')}`;
    case 'apply':
      // The reason beside it names the generation.
      return why.startsWith('generation ') ? 'applied rules of the fleet' : 'applied a rules file';
    case 'expire':
      return `${rulesText(then, Date.parse(at))} expired`;
    case 'confirm':
      return 'confirmed the change';
    case 'revert':
      return 'reverted the change that was not confirmed';
    case 'undo':
      return why;
    case 'load':
      return 'read the rules from their file';
    case 'fallback':
      return 'restored the last good rules, because the file could not be read';
    case 'undo_ban':
      return `undid ${why}`;
    case 'unload':
      return 'removed everything from the kernel';
  }
}

function rulesText(rules: readonly Rule[], at_ms: number): string {
  const [first] = rules;
  if (first === undefined) return 'no rule';
  if (rules.length > 1) return counted(rules.length, 'rule');
  return `rule ${first.id}: ${ruleSentence({ ...first, reason: '' }, at_ms)}`;
}

export function entriesText(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'entry' : 'entries'}`;
}
