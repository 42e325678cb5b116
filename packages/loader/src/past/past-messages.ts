/** Messages between the core's main thread and the thread that answers questions about recorded packets. */
import type { PastVerb } from '@packetlog/common';
import type { PlaceFile } from '../enrichment/places.ts';
import type { PastAnswer } from '../ipc/past-access.ts';
import type { TriedLimit } from '../past-dry-run/past-report.ts';
import type { Ruleset } from '../rules/ruleset/ruleset.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';
import type { RecorderFacts } from './answers/past-facts.ts';

export interface PastThreadData {
  /** Of the segments. */
  readonly directory: string;
}

/** The thread answers these; the recorder answers those that change bookmarks. */
export type QuestionVerb = Exclude<PastVerb, 'bookmark' | 'unbookmark' | 'cancel'>;
/** These need nothing of the rules. */
export type ReadVerb = Exclude<QuestionVerb, 'dry_run'>;

/** What a dry run needs of the rules in force. */
export interface TrialContext {
  /** Its lists may be used, and its permit rules name known-good sources. */
  readonly current: Ruleset;
  /** Addresses that must not be locked out. */
  readonly protectedNow: readonly Protected[];
}

export type ToPastThread =
  | {
      readonly type: 'ask';
      readonly id: number;
      readonly verb: QuestionVerb;
      /** As the client sent it; the thread checks it. */
      readonly request: unknown;
      readonly recorder: RecorderFacts;
      /** Directory of the network tables. */
      readonly tables: string;
      /** Of a dry run. */
      readonly trial: TrialContext | undefined;
    }
  /** The files of `--geoip`, before the first question that needs them, and again when they were replaced. */
  | { readonly type: 'places'; readonly files: readonly PlaceFile[] }
  /** Why they cannot be read, as whole sentences. */
  | { readonly type: 'no-places'; readonly problem: string }
  /** The question needs no answer any more. */
  | { readonly type: 'cancel'; readonly id: number };

/** `problem`: of an answer with the code `internal`, for the log. */
export interface FromPastThread {
  readonly id: number;
  readonly answer: PastAnswer;
  readonly problem?: string;
  /** Of a whole dry run: what its limits did. */
  readonly tried?: readonly TriedLimit[];
}
