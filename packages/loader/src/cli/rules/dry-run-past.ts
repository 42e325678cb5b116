/** `packetlog rules dry-run FILE --from TIME`: what rules would have denied of the recorded packets. */
import { invalidRequest, type RulesError, rulesRequestSchemas } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import type { PastResult } from '../../past-dry-run/try-past.ts';
import { RulesRejection } from '../../rules/ruleset/rejection.ts';
import { type PastOptions, rangeOf } from '../options/past-options.ts';
import type { Outcome } from '../process/exit-code-of.ts';
import { recordDirectory } from '../process/recorded-directory.ts';
import { say } from '../process/say.ts';
import { Stop } from '../process/stop.ts';
import type { Connection } from './connection.ts';
import { dryRunPastText } from './dry-run-past-text.ts';
import { evaluatePast } from './evaluate-past.ts';
import type { Handler } from './handlers.ts';
import { requestedDryRun } from './requested-dry-run.ts';

interface Given extends PastOptions {
  readonly rules?: string;
  readonly protect?: string[];
}

/** Resolves with the exit code: failed if a segment was skipped, or not all were evaluated. */
export const dryRunPast: Handler = async (connection, printer, options, args) => {
  const { dir, rules, protect = [], ...times } = options as Given;
  const range = rangeOf(times);
  const directory = await recordDirectory(dir);
  const parsed = rulesRequestSchemas.test.safeParse(await requestedDryRun(args, options, 1));
  if (!parsed.success) return rejected(invalidRequest(parsed.error));
  const stop = new AbortController();
  void new Stop().requested.then(() => stop.abort());
  try {
    const result = await evaluatePast({ request: parsed.data, directory, range, rules, protect, stop: stop.signal });
    const counts = dir === undefined && (await tell(connection, result));
    printer.answer({ ok: true, value: result.report }, () => [
      ...dryRunPastText(result),
      ...(counts ? ['', 'For an hour, these limits may be enforced: packetlog rules add limit … --enforce.'] : []),
    ]);
    return dryRunOutcome(result);
  } catch (error) {
    if (!(error instanceof RulesRejection)) throw error;
    return rejected(error.error);
  }

  function rejected(error: RulesError): Outcome {
    return printer.answer<never>({ ok: false, error }, () => []);
  }
};

/** Tells the running loader what the limits did. Returns whether it took all of them, if there are any. */
async function tell(connection: Connection, { report, triedLimits }: PastResult): Promise<boolean> {
  const tried = triedLimits.filter(({ outcome }) => outcome.packets > 0);
  if (report.incomplete.is_partial || tried.length === 0) return false;
  const took = await Promise.all(
    tried.map(({ rule: { id: _id, created_by: _by, created_at: _at, ...rule }, outcome: { forMs, ...counts } }) =>
      connection.limitTried({ rule, for_ms: forMs, ...counts }),
    ),
  );
  return took.every(Boolean);
}

/** Returns the exit code, and names damaged segments on standard error. */
export function dryRunOutcome({ report: { incomplete } }: PastResult): Outcome {
  for (const message of incomplete.damaged) say(`packetlog: ${message}`, 'error');
  return incomplete.damaged.length > 0 || incomplete.is_partial ? EXIT.failed : EXIT.ok;
}
