/** Messages between the core's main thread and the thread that answers questions about recorded packets. */
import type { PastVerb } from '@packetlog/common';
import type { PastAnswer } from '../ipc/past-access.ts';
import type { RecorderFacts } from './answers/past-facts.ts';

export interface PastThreadData {
  /** Of the segments. */
  readonly directory: string;
}

export type ToPastThread =
  | {
      readonly type: 'ask';
      readonly id: number;
      readonly verb: PastVerb;
      /** As the client sent it; the thread checks it. */
      readonly request: unknown;
      readonly recorder: RecorderFacts;
    }
  /** The question needs no answer any more. */
  | { readonly type: 'cancel'; readonly id: number };

/** `problem`: of an answer with the code `internal`, for the log. */
export interface FromPastThread {
  readonly id: number;
  readonly answer: PastAnswer;
  readonly problem?: string;
}
