/** One question about recorded packets: checks the request, answers in steps, and turns failures into rejections. */
import { pastRequestSchemas } from '@packetlog/common';
import type { PastAnswer } from '../ipc/past-access.ts';
import type { TriedLimit } from '../past-dry-run/past-report.ts';
import { listeningPorts } from '../system/listening-ports.ts';
import { pastFacts, type RecorderFacts } from './answers/past-facts.ts';
import { firstSeen } from './answers/past-first-seen.ts';
import { learnRequest, pastLearn } from './answers/past-learn.ts';
import { pastRates } from './answers/past-rates.ts';
import { pastRows } from './answers/past-rows.ts';
import { pastTop } from './answers/past-top.ts';
import { type Answering, PastView } from './answers/past-view.ts';
import { QuestionError } from './answers/question-error.ts';
import type { ReadVerb } from './past-messages.ts';
import type { PastPlaces } from './past-places.ts';
import { INTERNAL } from './past-rejections.ts';
import type { KnownFacts } from './reading/known-facts.ts';

export interface PastDirectory {
  readonly directory: string;
  readonly known: KnownFacts;
  readonly places: PastPlaces;
}

export interface Asked {
  readonly verb: ReadVerb;
  /** Not checked yet. */
  readonly request: unknown;
  readonly recorder: RecorderFacts;
  /** Directory of the network tables, in the namespace of the watched interfaces; absent: not known. */
  readonly tables?: string;
}

export interface Outcome {
  readonly answer: PastAnswer;
  /** Of an answer with the code `internal`, for the log. */
  readonly problem?: string;
  /** Of a whole dry run: what its limits did. */
  readonly tried?: readonly TriedLimit[];
}

/** Whether the question sums up by addresses. */
export function isLarge(verb: ReadVerb): boolean {
  return verb === 'top' || verb === 'learn';
}

/** Yields after each segment, and returns the outcome. Never throws. */
export function* answerTo(asked: Asked, where: PastDirectory): Answering<Outcome> {
  try {
    const begun = begin(asked, where);
    if (begun === undefined) return INVALID;
    return { answer: { ok: true, json: JSON.stringify(yield* begun) } };
  } catch (error) {
    return failure(error);
  }
}

/** Returns undefined if the request is invalid: the server has checked it, so it is no client's mistake. */
function begin(
  { verb, request, recorder, tables }: Asked,
  { directory, known, places }: PastDirectory,
): Answering<unknown> | undefined {
  const parsed = pastRequestSchemas[verb].safeParse(request);
  if (!parsed.success) return undefined;
  const view = new PastView(directory, known);
  switch (verb) {
    case 'facts':
      return pastFacts(view, recorder);
    case 'rates':
      return pastRates(view, pastRequestSchemas.rates.parse(request));
    case 'top':
      return pastTop(view, pastRequestSchemas.top.parse(request), { places });
    case 'rows':
      return pastRows(view, pastRequestSchemas.rows.parse(request));
    case 'first_seen':
      return firstSeen(view, pastRequestSchemas.first_seen.parse(request));
    case 'learn':
      return pastLearn(view, {
        ...learnRequest(pastRequestSchemas.learn.parse(request)),
        isAnonymized: recorder.is_anonymized,
        services: tables === undefined ? [] : listeningPorts(tables),
      });
  }
}

const INVALID: Outcome = { answer: { ok: false, error: { code: 'invalid', message: 'The request is not valid.' } } };

export function failure(error: unknown): Outcome {
  if (error instanceof QuestionError)
    return { answer: { ok: false, error: { code: 'invalid', message: error.message } } };
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) {
    const text = `The recorded packets cannot be read: ${message}. Check the disk of packetlog's --record-dir.`;
    return { answer: { ok: false, error: { code: 'unavailable', message: text } } };
  }
  return { answer: INTERNAL, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
