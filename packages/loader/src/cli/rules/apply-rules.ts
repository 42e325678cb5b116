/** `packetlog rules apply`: makes the rules match a file. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  formatDuration,
  type Rule,
  type RuleSet,
  type RulesDiff,
  type RulesRequest,
  type RulesResults,
  ruleSentence,
  rulesFileSchema,
} from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { decodeList } from '../../rules/lists/formats/decode.ts';
import { RulesFileError, readDocument } from '../../rules/store/rules-document.ts';
import { STANDARD_INPUT } from './add-rule.ts';

type Applied = RulesResults['apply'];

/** Builds the request from `content`, the bytes of `file`, with the lists that it names. Throws SetupError. */
export function applyRequest(
  content: Uint8Array,
  file: string,
  { check, force, now }: { check?: true; force?: true; now?: true },
): RulesRequest<'apply'> {
  const fail = (problem: string, cause?: unknown) =>
    new SetupError({ step: 'apply', target: file, problem, next: NOTHING_CHANGED, exit: 'usage', cause });
  const { text, problem } = decodeList(content);
  if (problem !== undefined) throw fail(problem);
  const json = Buffer.from(text).toString('utf8');
  try {
    readDocument(json, Date.now());
  } catch (cause) {
    if (!(cause instanceof RulesFileError)) throw cause;
    throw fail(cause.message.replace(/\.$/, ''), cause);
  }
  const document = JSON.parse(json) as Record<string, unknown>;
  // The schema makes "rules" optional, but applying an incomplete file would remove all rules.
  if (!Array.isArray(document['rules'])) throw fail('it has no "rules"; to remove all rules write "rules": []');
  const { sets: named } = rulesFileSchema.parse(document);
  const directory = file === STANDARD_INPUT ? process.cwd() : dirname(resolve(file));
  const lists: Record<string, string> = {};
  const sets = Object.entries(named).map(([name, set]) => {
    if (set.file === undefined) return [name, set] as const;
    const path = resolve(directory, set.file);
    lists[name] = listAt(path, fail);
    return [name, { file: path }] as const;
  });
  return {
    // The original JSON: the answer lists what was interpreted differently.
    document: { ...document, sets: Object.fromEntries(sets) } as RulesRequest<'apply'>['document'],
    lists,
    ...(check ? { check } : {}),
    ...(force ? { force } : {}),
    ...(now ? { now } : {}),
  };
}

function listAt(path: string, fail: (problem: string, cause?: unknown) => SetupError): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw fail(`its list ${path} cannot be read (${cause instanceof Error ? cause.message : cause})`, cause);
  }
  const { text, problem } = decodeList(bytes);
  if (problem !== undefined) throw fail(`its list ${path} ${problem}`);
  return Buffer.from(text).toString('utf8');
}

const NOTHING_CHANGED = 'Nothing was changed.';

/** Returns a summary of the changes; with `check` or `diff`, the differences precede it. */
export function appliedText(
  { changed, diff }: Pick<Applied, 'changed' | 'diff'>,
  { check, diff: wantsDiff }: { check?: true; diff?: true },
  nowMs: number,
): string[] {
  if (!changed) return ['The rules already match the file: nothing to change.'];
  const parts = [
    [diff.added.length, 'added'],
    [diff.removed.length, 'removed'],
    [diff.changed.length, 'changed'],
  ] as const;
  const others = [
    ...(diff.sets.length > 0 ? [`sets: ${diff.sets.map((set) => (set.after ?? set.before)?.name).join(', ')}`] : []),
    ...(diff.default_policy ? [`default policy: ${diff.default_policy.after}`] : []),
    ...(diff.protect ? ['protect'] : []),
  ];
  const rules = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const counted = rules.length > 0 ? [`rules: ${rules.join(', ')}`] : [];
  const summary = `${check ? 'Would change' : 'Changed'} ${[...counted, ...others].join('; ')}.`;
  return wantsDiff || check ? [...diffText(diff, nowMs), summary] : [summary];
}

/** Returns one line per difference: `+` added, `-` removed, `~` changed. */
export function diffText(
  { added, removed, changed, sets, default_policy, protect }: RulesDiff,
  nowMs: number,
): string[] {
  const lines: string[] = [];
  if (default_policy) lines.push(`~ default policy: ${default_policy.before} -> ${default_policy.after}`);
  for (const rule of removed) lines.push(`- rule ${rule.id}: ${ruleSentence(rule, nowMs)}`);
  for (const { before, after } of changed) lines.push(`~ rule ${before.id}: ${changeText(before, after, nowMs)}`);
  for (const rule of added) lines.push(`+ ${ruleSentence(rule, nowMs)}`);
  for (const { before, after } of sets) {
    if (before === undefined) lines.push(`+ set ${setText(after as RuleSet)}`);
    else if (after === undefined) lines.push(`- set ${setText(before)}`);
    else lines.push(`~ set ${setText(before)} -> ${setText(after)}`);
  }
  if (protect) {
    lines.push(...protect.before.filter((each) => !protect.after.includes(each)).map((each) => `- protect ${each}`));
    lines.push(...protect.after.filter((each) => !protect.before.includes(each)).map((each) => `+ protect ${each}`));
  }
  return lines;
}

function changeText(before: Rule, after: Rule, nowMs: number): string {
  const [from, to] = [ruleSentence(before, nowMs), ruleSentence(after, nowMs)];
  return from === to ? `${from} (${endText(before, nowMs)} -> ${endText(after, nowMs)})` : `${from} -> ${to}`;
}

function endText({ expires_at }: Rule, nowMs: number): string {
  return expires_at === undefined ? 'no expiry' : `expires in ${formatDuration(Date.parse(expires_at) - nowMs)}`;
}

function setText({ name, entries, file }: RuleSet): string {
  return `${name} (${entries} ${entries === 1 ? 'network' : 'networks'}${file === undefined ? '' : ` from ${file}`})`;
}
