/** Reads and writes the text of a rules file, and detects manual edits. */
import { createHash } from 'node:crypto';
import { fileRuleSchema, isSetName, MAX_RULE_ID, type Rule, type RulesFile, rulesFileSchema } from '@packetlog/common';
import type { Ruleset } from '../ruleset/ruleset.ts';
import '../../errors/schema-text.ts';

/** A rules file that cannot be used. `message` says what is wrong, and in which field. */
export class RulesFileError extends Error {
  override readonly name = 'RulesFileError';
}

/** Throws RulesFileError if the content would be too long to be read at the next start. */
export function requireShort(what: string, bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new RulesFileError(`${what} would have ${bytes} bytes, more than the limit of ${maxBytes}`);
}

export interface RulesDocument {
  readonly file: RulesFile;
  /** Every rule, including the fields that the loader adds. */
  readonly rules: readonly Rule[];
  readonly nextId: number;
  /** True if the checksum is missing or wrong: the file was changed since the loader wrote it. */
  readonly isEdited: boolean;
}

/** Parses a rules file. `writtenAtMs`: creation time of rules that have none. Throws RulesFileError. */
export function readDocument(text: string, writtenAtMs: number): RulesDocument {
  const json = parseJson(text);
  const parsed = rulesFileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    throw new RulesFileError(`${where}${issue?.message ?? 'is not valid'}`);
  }
  const file = parsed.data;
  const given = file.rules.flatMap(({ id }) => id ?? []);
  const seen = new Set<number>();
  for (const id of given) {
    if (seen.has(id)) throw new RulesFileError(`rules: two rules have the id ${id}`);
    seen.add(id);
  }
  let nextId = Math.max(file.next_id ?? 1, 1 + given.reduce((most, id) => Math.max(most, id), 0));
  const made = new Date(writtenAtMs).toISOString();
  const rules = file.rules.map((rule) => ({
    ...rule,
    id: rule.id ?? nextId++,
    created_by: rule.created_by ?? 'file',
    created_at: rule.created_at ?? made,
  }));
  if (nextId > MAX_RULE_ID + 1) throw new RulesFileError(`rules: the highest rule id is ${MAX_RULE_ID}`);
  return { file, rules, nextId, isEdited: file.checksum !== checksumOf(json) };
}

export function writeDocument(
  file: Omit<RulesFile, 'version' | 'checksum' | 'rules'> & { rules: readonly Rule[] },
): string {
  const { $schema, default_policy, own_default_policy, rules, sets, protect, next_id } = file;
  const content = {
    ...($schema === undefined ? {} : { $schema }),
    version: 1,
    default_policy,
    ...(own_default_policy === undefined ? {} : { own_default_policy }),
    rules,
    sets,
    protect,
    next_id,
  };
  const { version, ...rest } = content;
  return `${JSON.stringify({ version, checksum: checksumOf(content), ...rest }, null, 2)}\n`;
}

/**
 * Throws RulesFileError if `readDocument` would not return the same rules: the next start must be able to read them.
 * `known`: rules that have passed before; adds those that pass.
 */
export function requireReadable({ rules, sets }: Ruleset, known: WeakSet<Rule>): void {
  for (const rule of rules) {
    if (known.has(rule)) continue;
    const read = fileRuleSchema.safeParse(JSON.parse(JSON.stringify(rule)));
    if (!read.success) {
      const [issue] = read.error.issues;
      throw new RulesFileError(`rule ${rule.id} cannot be read back: ${issue?.path.join('.')}: ${issue?.message}`);
    }
    if (canonical(read.data) !== canonical(rule))
      throw new RulesFileError(`rule ${rule.id} would differ when it is read back`);
    known.add(rule);
  }
  const ids = new Set(rules.map(({ id }) => id));
  if (ids.size !== rules.length) throw new RulesFileError('two rules have the same id');
  const bad = [...sets.keys()].find((name) => !isSetName(name));
  if (bad !== undefined) throw new RulesFileError(`${JSON.stringify(bad)} cannot be the name of a set`);
}

/** Returns a hash of the values, independent of the order of keys and of white space. */
function checksumOf(json: unknown): string {
  const { checksum: _, ...rest } = json as Record<string, unknown>;
  return `sha256:${createHash('sha256').update(canonical(rest)).digest('hex')}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RulesFileError(`is not JSON: ${cause instanceof Error ? cause.message : 'it cannot be read'}`, { cause });
  }
}
