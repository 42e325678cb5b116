/** What rules had counted, for the next loader: counters of the kernel belong to slots, and begin at zero now and then. */
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
      /** What it had counted when its counter in the kernel began at zero. */
      before: totals,
      /** All of it, when this was written. */
      total: totals,
    }),
  ),
});
export type KeptCounts = z.output<typeof keptSchema>['rules'];

/** Nothing, if there is nothing that can be read: rules without history count from zero. */
export function readCounts(path: string): KeptCounts {
  if (!existsSync(path)) return [];
  try {
    return keptSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data?.rules ?? [];
  } catch {
    return [];
  }
}

/** Throws what the file system says. */
export function writeCounts(path: string, rules: KeptCounts): void {
  writeAtomically(path, JSON.stringify({ version: 1, rules }));
}
