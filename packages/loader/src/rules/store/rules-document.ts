/** Reads and writes the text of a rules file, and detects manual edits. */
import { createHash } from 'node:crypto';
import { fileRuleSchema, isSetName, MAX_RULE_ID, type Rule, type RulesFile, rulesFileSchema } from '@packetlog/common';
import type { Ruleset } from '../ruleset/ruleset.ts';
import '../../errors/schema-text.ts';

/** A rules file that cannot be used. `message` is a sentence that says where and what. */
export class RulesFileError extends Error {
  override readonly name = 'RulesFileError';
}

/** Throws RulesFileError for content that is too long to be read at the next start. */
export function requireShort(what: string, bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new RulesFileError(`${what} would have ${bytes} bytes, more than the ${maxBytes} that can be read again`);
}

export interface RulesDocument {
  readonly file: RulesFile;
  /** Every rule, including the fields that the loader adds. */
  readonly rules: readonly Rule[];
  readonly nextId: number;
  /** True if its checksum is missing or wrong: the loader did not write it like this. */
  readonly isEdited: boolean;
}

/** `writtenAtMs` applies to rules without a creation time. Throws RulesFileError. */
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
    if (seen.has(id)) throw new RulesFileError(`rules: two have the id ${id}`);
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
  if (nextId > MAX_RULE_ID + 1) throw new RulesFileError(`rules: ids end at ${MAX_RULE_ID}`);
  return { file, rules, nextId, isEdited: file.checksum !== checksumOf(json) };
}

export function writeDocument(
  file: Omit<RulesFile, 'version' | 'checksum' | 'rules'> & { rules: readonly Rule[] },
): string {
  const { $schema, default_policy, rules, sets, protect, next_id } = file;
  const content = {
    ...($schema === undefined ? {} : { $schema }),
    version: 1,
    default_policy,
    rules,
    sets,
    protect,
    next_id,
  };
  const { version, ...rest } = content;
  return `${JSON.stringify({ version, checksum: checksumOf(content), ...rest }, null, 2)}\n`;
}

/**
 * Throws RulesFileError if the reader would not return these rules: what is written must be readable at the next start.
 * `known`: rules known to be readable; those that pass are added.
 */
export function requireReadable({ rules, sets }: Ruleset, known: WeakSet<Rule>): void {
  for (const rule of rules) {
    if (known.has(rule)) continue;
    const read = fileRuleSchema.safeParse(JSON.parse(JSON.stringify(rule)));
    if (!read.success) {
      const [issue] = read.error.issues;
      throw new RulesFileError(`rule ${rule.id} cannot be read back: ${issue?.path.join('.')}: ${issue?.message}`);
    }
    if (canonical(read.data) !== canonical(rule)) throw new RulesFileError(`rule ${rule.id} is read back as another`);
    known.add(rule);
  }
  const ids = new Set(rules.map(({ id }) => id));
  if (ids.size !== rules.length) throw new RulesFileError('two rules have the same id');
  const bad = [...sets.keys()].find((name) => !isSetName(name));
  if (bad !== undefined) throw new RulesFileError(`${JSON.stringify(bad)} cannot be the name of a set`);
}

/** Hashes the values, independent of their order and of white space. */
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
