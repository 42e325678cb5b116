/** `packetlog rules add`: adds one rule from the command line, or many from standard input in one change. */
import { formatDuration, limitText, type Rule, type RuleDraft, ruleSentence } from '@packetlog/common';
import { Command, CommanderError } from 'commander';
import { SetupError } from '../../errors/setup-error.ts';
import { type InputLine, inputLines, lineError } from './input-lines.ts';
import { life, lifeOptions, limit, limitOptions, match, matchOptions } from './rule-options.ts';

/** Means standard input, in place of a source or of all arguments. */
export const STANDARD_INPUT = '-';

export interface AddedRule {
  readonly rule: Rule;
  /** The earlier rule with the same action and match, if there was one. */
  readonly was?: Rule;
}

/** Throws SetupError. */
export function draftOf(action: string, source: string, options: Record<string, unknown>): RuleDraft {
  return { action, source, ...match(options), ...limit(options), ...life(options) } as RuleDraft;
}

/**
 * Returns one draft per line, with its line number. If `action` is undefined, a line has the arguments of `rules add`;
 * otherwise it is a source, and `options` apply to every line. Throws SetupError that names the line.
 */
export function draftsOf(
  text: string,
  action: string | undefined,
  options: Record<string, unknown>,
): { line: number; draft: RuleDraft }[] {
  return inputLines(text).map((each) => {
    if (action === undefined) return { line: each.line, draft: draftOfLine(each, options) };
    const [source = '', ...rest] = each.words;
    if (rest.length > 0)
      throw lineError(each, `${JSON.stringify(rest[0])} follows the source: write one source per line`);
    return { line: each.line, draft: draftOf(action, source, options) };
  });
}

/** `defaults`: the options of the command line; those of the line take precedence. */
function draftOfLine(line: InputLine, defaults: Record<string, unknown>): RuleDraft {
  const parser = new Command('add').argument('<action>').argument('<source>').exitOverride();
  parser.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const option of [...matchOptions(), ...limitOptions(), ...lifeOptions()]) parser.addOption(option);
  try {
    parser.parse([...line.words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw lineError(line, error.message.replace(/^error: /, '').replace(/\.$/, ''));
  }
  const [action = '', source = ''] = parser.args;
  const own = parser.opts<Record<string, unknown>>();
  const { for: duration, until, ...others } = defaults;
  const ends = own['for'] === undefined && own['until'] === undefined ? { for: duration, until } : {};
  return draftOf(action, source, { ...others, ...ends, ...own });
}

export function addedSentence({ rule, was }: AddedRule, nowMs: number): string {
  if (was === undefined) {
    const sentence = rule.action === 'limit' ? ` ${ruleSentence({ ...rule, reason: '' }, nowMs)}` : '';
    return `Added rule ${rule.id}${sentence === '' ? '' : `:${sentence}`}.`;
  }
  const same = `Rule ${rule.id} already has this action and match`;
  if (rule.action === 'limit' && limitText(was) !== limitText(rule))
    return `${same} and was updated: ${ruleSentence(rule, nowMs)}.`;
  if (was.expires_at === rule.expires_at && was.reason === rule.reason) return `${same}: nothing changed.`;
  const ends = rule.expires_at === undefined ? 'no expiry' : `expires in ${left(rule.expires_at, nowMs)}`;
  const reason = was.reason === rule.reason ? '' : `; reason: ${rule.reason}`;
  return `${same} and was updated: ${ends}${reason}.`;
}

function left(expiresAt: string, nowMs: number): string {
  return formatDuration(Math.max(0, Date.parse(expiresAt) - nowMs));
}

export function addedManySentence(rules: readonly AddedRule[]): string {
  const added = rules.filter(({ was }) => was === undefined).length;
  const updated = rules.filter(({ rule, was }) => was && JSON.stringify(was) !== JSON.stringify(rule)).length;
  const same = rules.length - added - updated;
  const rest = [...(updated > 0 ? [`updated ${updated}`] : []), ...(same > 0 ? [`${same} already existed`] : [])];
  return [`Added ${added} ${added === 1 ? 'rule' : 'rules'}`, ...rest].join('; ').concat('.');
}

/** Throws SetupError if there are no lines: the command that writes them has probably failed. */
export function requireLines<Line>(lines: readonly Line[]): readonly Line[] {
  if (lines.length > 0) return lines;
  throw new SetupError({
    step: 'read',
    target: 'standard input',
    problem: 'it has no lines, so nothing was changed',
    next: 'Check the command that writes it.',
    exit: 'usage',
  });
}
