/** Stores the bans in force and the strikes of earlier ones: they outlive the loader, a `kill -9` and a reboot. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { FIRST_BAN_RULE_ID, MAX_BANS, type Rule, ruleIdSchema } from '@packetlog/common';
import { z } from 'zod';
import { ENDED_MS } from '../../xdp/end-rules.ts';
import { writeAtomically } from './atomic-file.ts';

/** Much more than MAX_BANS and MAX_STRIKES need. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Sources and limits with strikes. */
export const MAX_STRIKES = 20_000;

const id = z.number().int().positive();
/** Unix time in ms. */
const time = z.number();
const source = z.string().min(1).max(64);

/** When the source was first over the limit, on the kernel's clock since the boot. */
const overSince = z.string().regex(/^\d{1,20}$/);

const storedBanSchema = z.object({
  /** Id of its decision. */
  decision: id,
  source,
  limit_rule: ruleIdSchema,
  began_at_ms: time,
  ends_at_ms: time,
  strike: id,
  /** Unknown of bans that an earlier version stored. */
  over_since_ns: overSince.optional(),
});
export type StoredBan = z.output<typeof storedBanSchema>;

const bansFileSchema = z.object({
  version: z.literal(1),
  /** Greater than the id of every decision. */
  next_decision: id,
  /** When it was written. `up_ms`: since the boot; together they show whether the wall clock was set since. */
  clock: z.object({ at_ms: time, up_ms: time, boot_id: z.string() }),
  bans: z.array(storedBanSchema).max(MAX_BANS),
  strikes: z
    .array(
      z.object({
        source,
        limit_rule: ruleIdSchema,
        /** Decision and end of each ban. */
        bans: z.array(z.tuple([id, time])),
      }),
    )
    .max(MAX_STRIKES),
  /** Sources that were over a limit when their ban was undone, since this boot. */
  undone: z
    .array(z.object({ source, limit_rule: ruleIdSchema, over_since_ns: overSince }))
    .max(MAX_BANS)
    .optional(),
});
export type BansFile = z.output<typeof bansFileSchema>;

/** Returns undefined if there is no file. `problem` is the predicate of a sentence about the file. */
export function readBansFile(path: string): BansFile | { readonly problem: string } | undefined {
  try {
    if (!existsSync(path)) return undefined;
    const { size } = statSync(path);
    if (size > MAX_BYTES) return { problem: `has ${size} bytes, more than the limit of ${MAX_BYTES}` };
    const parsed = bansFileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : { problem: 'has another format' };
  } catch (error) {
    return { problem: error instanceof SyntaxError ? 'is damaged' : `cannot be read: ${(error as Error).message}` };
  }
}

/** Returns the deny rules of the stored bans, some of which may have ended; none without a readable file. */
export function storedBans(path: string): Rule[] {
  const file = readBansFile(path);
  if (file === undefined || 'problem' in file) return [];
  return file.bans.map(banRule);
}

/** Throws the file system's error. */
export function writeBansFile(path: string, file: BansFile): void {
  writeAtomically(path, JSON.stringify(file));
}

/** Returns a ban that was ended early, as the kernel's image has it until it is replaced. */
export function endedEarly(ban: StoredBan): StoredBan {
  return { ...ban, ends_at_ms: ENDED_MS };
}

/** Returns the deny rule of a ban. */
export function banRule({ decision, source, limit_rule, began_at_ms, ends_at_ms }: StoredBan): Rule {
  return {
    id: FIRST_BAN_RULE_ID + decision,
    action: 'deny',
    source,
    reason: `ban ${decision}, by limit ${limit_rule}`,
    created_by: 'packetlog',
    created_at: new Date(began_at_ms).toISOString(),
    expires_at: new Date(ends_at_ms).toISOString(),
  };
}
