/** A dry run over what the nodes of a group have recorded. */
import { type PastDryRunReport, pastDryRunRequestSchema } from '@packetlog/common';
import type { Asked } from '@packetlog/common/fleet';
import type { NodeLinks } from '../nodes/node-link.ts';
import { FleetRejection } from '../requests/handlers.ts';
import { emptyReport, sumReports } from './sum-reports.ts';

/** A node reads its segments: a day of them takes seconds. */
const WITHIN_MS = 60_000;
/** Nodes that are asked at the same time. */
const AT_ONCE = 64;
const MAX_MISSING = 100;

/** Asks all of them, and sums what they answer. Throws FleetRejection if the request is not valid. */
export async function dryRun(
  nodes: readonly string[],
  request: unknown,
  links: NodeLinks,
  withinMs = WITHIN_MS,
): Promise<Asked<PastDryRunReport>> {
  const parsed = pastDryRunRequestSchema.safeParse(request);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = ['request', ...(issue?.path ?? [])].join('.');
    throw new FleetRejection('invalid', `${field}: ${issue?.message ?? 'not valid'}`, { field });
  }
  const missing: { node: string; why: string }[] = [];
  let answered = 0;
  let sum = emptyReport();
  const waiting = [...nodes].sort();
  const askNext = async (): Promise<void> => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      const answer = await ask(links, node, request, withinMs);
      if (typeof answer === 'string') missing.push({ node, why: answer });
      else {
        answered += 1;
        sum = sumReports(sum, answer, node);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askNext));
  missing.sort((one, other) => (one.node < other.node ? -1 : 1));
  return { asked: nodes.length, answered, missing: missing.slice(0, MAX_MISSING), sum };
}

/** Resolves with the report, or why there is none. */
async function ask(
  links: NodeLinks,
  node: string,
  request: unknown,
  withinMs: number,
): Promise<PastDryRunReport | string> {
  const link = links.get(node);
  if (link === undefined) return 'It has no connection to this hub.';
  try {
    const answer = await link.ask('past:dry_run', request, withinMs);
    if (!answer.ok) return answer.error.message;
    // What a node sends is not trusted: a value that cannot be summed is no answer.
    const report = answer.value as PastDryRunReport;
    sumReports(emptyReport(), report, node);
    return report;
  } catch (error) {
    return error instanceof TypeError ? 'Its answer is malformed.' : (error as Error).message;
  }
}
