/** `packetlog rules remove`: removes rules by id, by source, or many of both from standard input in one change. */
import type { Rule, RuleSelector, RulesRequest } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { requireLines, STANDARD_INPUT } from './add-rule.ts';
import { inputLines, lineError } from './input-lines.ts';
import { force, match, ruleId } from './rule-options.ts';

/** Maximum rules named in the answer. */
const MAX_NAMED = 20;

export interface Removal {
  readonly request: RulesRequest<'remove'>;
  /** Line number of each entry of `matching` in standard input. */
  readonly lines: readonly number[];
}

/** Builds the request. `read` reads standard input. Throws SetupError. */
export async function removalOf(
  ids: readonly string[],
  options: Record<string, unknown>,
  read: () => Promise<string>,
): Promise<Removal> {
  const { source, set, action, reason, group } = options as {
    source?: string;
    set?: string;
    action?: string;
    reason?: string;
    group?: string;
  };
  if (source !== undefined && set !== undefined) throw oneEntry(source, set);
  const selectedSource = source ?? (set === undefined ? undefined : `set:${set}`);
  const conditions = {
    ...(action === undefined ? {} : { action }),
    ...match(options),
    ...(reason === undefined ? {} : { reason }),
    ...(group === undefined ? {} : { group }),
  };
  const of = (text: string) => ({ source: text, ...conditions }) as RuleSelector;
  if (ids.includes(STANDARD_INPUT)) {
    if (ids.length > 1 || selectedSource !== undefined)
      throw usageError('- cannot be combined with ids, --source or --set');
    return fromLines(await read(), of, force(options));
  }
  const isSelected = (selectedSource ?? reason ?? group) !== undefined;
  if (!isSelected && Object.keys(conditions).length > 0) {
    throw usageError(
      '--action, --protocol, --port, --interface and conditions narrow --source, --set, --reason or --group, which is missing',
    );
  }
  if (!isSelected && ids.length === 0)
    throw usageError('no rule is named: give ids, --source, --set, --reason, --group or -');
  const matching: RuleSelector[] =
    selectedSource !== undefined ? [of(selectedSource)] : isSelected ? [conditions as RuleSelector] : [];
  return { request: { ids: ids.map(ruleId), matching, ...force(options) }, lines: [] };
}

export function removedSentence(removed: readonly Pick<Rule, 'id'>[]): string {
  if (removed.length > MAX_NAMED) return `Removed ${removed.length} rules.`;
  return `Removed ${removed.map(({ id }) => `rule ${id}`).join(', ')}.`;
}

function fromLines(text: string, of: (source: string) => RuleSelector, forced: { force?: true }): Removal {
  const ids: number[] = [];
  const matching: RuleSelector[] = [];
  const lines: number[] = [];
  for (const each of requireLines(inputLines(text))) {
    const [word = '', ...rest] = each.words;
    if (rest.length > 0) throw lineError(each, 'more than one word: write one id or source per line');
    if (/^\d+$/.test(word)) ids.push(ruleId(word));
    else {
      matching.push(of(word));
      lines.push(each.line);
    }
  }
  return { request: { ids, matching, ...forced }, lines };
}

function oneEntry(source: string, set: string): SetupError {
  return new SetupError({
    step: 'remove',
    target: `${source} from set ${set}`,
    problem: 'a set is replaced as a whole',
    next: `Import the list again without it, or permit it: packetlog rules add permit ${source}. --set ${set} alone removes the rules about the set.`,
    exit: 'usage',
  });
}

function usageError(problem: string): SetupError {
  return new SetupError({
    step: 'remove',
    target: 'rules',
    problem,
    next: 'See: packetlog rules remove --help.',
    exit: 'usage',
  });
}
