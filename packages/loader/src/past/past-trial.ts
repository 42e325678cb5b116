/** Answers `past:dry_run`. Loaded with the first dry run only: other questions do not need the rules. */
import { invalidRequest, pastRequestSchemas, type Rejection, type RulesError } from '@packetlog/common';
import { Mutex } from '../mutex.ts';
import { tryPast } from '../past-dry-run/try-past.ts';
import { Compiler } from '../rules/compiler/worker/compiler.ts';
import { RulesRejection } from '../rules/ruleset/rejection.ts';
import '../errors/schema-text.ts';
import { nsOf } from './answers/past-view.ts';
import type { TrialContext } from './past-messages.ts';
import { failure, type Outcome } from './past-question.ts';

export interface PastTrialRequest {
  /** Not checked yet. */
  readonly request: unknown;
  readonly context: TrialContext;
  readonly directory: string;
  /** Ends the dry run: its report is no longer wanted. */
  readonly stop: AbortSignal;
  /** Resolves when the dry run may read the next segment. */
  readonly pause: () => Promise<void>;
}

/** Small jobs run in this thread, which serves no client. */
const compiler = new Compiler();
/** The sums over sources of one dry run take up to 40 MiB. */
const oneAtATime = new Mutex();

/** Never rejects. */
export function pastTrial(trial: PastTrialRequest): Promise<Outcome> {
  return oneAtATime.run(() => report(trial));
}

async function report({ request, context, directory, stop, pause }: PastTrialRequest): Promise<Outcome> {
  const parsed = pastRequestSchemas.dry_run.safeParse(request);
  if (!parsed.success) return { answer: { ok: false, error: asRejection(invalidRequest(parsed.error)) } };
  const { from_ms, to_ms, ...rules } = parsed.data;
  try {
    const { report: value, triedLimits: tried } = await tryPast({
      // The live dry run's seconds have no meaning here.
      request: { ...rules, seconds: 1 },
      directory,
      range: { fromNs: nsOf(from_ms), toNs: nsOf(to_ms) },
      current: context.current,
      protectedNow: () => context.protectedNow,
      compiler,
      stop,
      pause,
      progress: () => {},
    });
    const answer = { ok: true, json: JSON.stringify(value) } as const;
    return value.incomplete.is_partial ? { answer } : { answer, tried };
  } catch (error) {
    if (error instanceof RulesRejection) return { answer: { ok: false, error: asRejection(error.error) } };
    return failure(error);
  }
}

/** `past:*` are rejected with the codes of subscriptions: those of rules that they lack become `invalid`. */
function asRejection({ code, message, field }: RulesError): Rejection {
  const known = code === 'internal' || code === 'unavailable' ? code : 'invalid';
  return { code: known, message: field === undefined ? message : `${field}: ${message}` };
}
