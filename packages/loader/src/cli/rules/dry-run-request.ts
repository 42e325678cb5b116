/** Builds the request of `packetlog rules dry-run FILE`: the rules of a rules file, or a rule that denies a list. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { FileSet, RuleDraft, RulesRequest } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { decodeList } from '../../rules/lists/formats/decode.ts';
import { RulesFileError, readDocument } from '../../rules/store/rules-document.ts';

const LIST = 'list';
const BRACE = 0x7b;

/** Builds the request from `content`, which was read from `file`. Throws SetupError. */
export function dryRunRequest(content: Uint8Array, file: string, seconds: number): RulesRequest<'test'> {
  const { text: bytes, problem } = decodeList(content);
  if (problem !== undefined) throw new SetupError({ step: 'read', target: file, problem, exit: 'usage' });
  const text = Buffer.from(bytes).toString('utf8');
  if (!isRulesFile(bytes, text)) {
    return { rules: [{ action: 'deny', source: `set:${LIST}` }], sets: { [LIST]: text }, seconds };
  }
  try {
    const { rules, file: document } = readDocument(text, Date.now());
    const drafts = rules.map(({ id: _, created_by: _by, created_at: _at, ...draft }): RuleDraft => draft);
    const sets = Object.entries(document.sets).flatMap(([name, set]) => textOf(set, file).map((list) => [name, list]));
    return { rules: drafts, default_policy: document.default_policy, sets: Object.fromEntries(sets), seconds };
  } catch (cause) {
    if (!(cause instanceof RulesFileError)) throw cause;
    throw new SetupError({ step: 'read rules', target: file, problem: cause.message, exit: 'usage', cause });
  }
}

/** Returns whether the content is a rules file, not a list, which may also be JSON. */
function isRulesFile(content: Uint8Array, text: string): boolean {
  return content.find((byte) => byte > 0x20) === BRACE && /"(?:rules|sets|default_policy|protect)"\s*:/.test(text);
}

/** Returns the text of a set in an array; an empty one if the loader has the list. */
function textOf({ entries, file: list }: FileSet, file: string): string[] {
  if (list !== undefined) return [readFileSync(resolve(dirname(file), list), 'utf8')];
  return entries === undefined ? [] : [entries.join('\n')];
}
