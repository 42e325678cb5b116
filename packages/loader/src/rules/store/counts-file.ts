/**
 * Stores the counts of rules for the next loader: the kernel's counters belong to slots, and are reset when a slot gets
 * another rule.
 */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeAtomically } from './atomic-file.ts';

const count = z.number().int().nonnegative();
const totals = z.object({ packets: count, bytes: count, last_seen_ms: z.number().optional() });

const keptSchema = z.object({
  version: z.literal(1),
  rules: z.array(
    z.object({
      id: count,
      /** The rule's count when its kernel counter was last reset. */
      before: totals,
      /** The rule's total count when this was written. */
      total: totals,
    }),
  ),
});
export type KeptCounts = z.output<typeof keptSchema>['rules'];

/** Reads the counts. Returns none if there is no readable file: the rules then count from zero. */
export function readCounts(path: string): KeptCounts {
  if (!existsSync(path)) return [];
  try {
    return keptSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data?.rules ?? [];
  } catch {
    return [];
  }
}

/** Throws the file system's error. */
export function writeCounts(path: string, rules: KeptCounts): void {
  writeAtomically(path, JSON.stringify({ version: 1, rules }));
}
