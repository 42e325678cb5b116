/** What a client may ask besides the stream: each answered from what the loader knows or can look up. */
import {
  historyRequestSchema,
  historyTopRequestSchema,
  placesRequestSchema,
  reverseNamesRequestSchema,
} from '@packetlog/common';
import * as z from 'zod/mini';
import type { Listeners } from '../enrichment/listeners.ts';
import type { Places } from '../enrichment/places.ts';
import type { ReverseNames } from '../enrichment/reverse-names.ts';
import type { History } from '../history/history.ts';
import type { LineLimit } from './access/line-limit.ts';
import { HISTORY, historyTopCost, LOOKUP } from './access/message-cost.ts';

/** When names may be asked for again that were too many. */
const NAMES_AGAIN_MS = 5000;

export interface Question {
  /** Of a request as it came, in the units of budget.ts. */
  readonly cost: (request: unknown) => number;
  readonly schema: z.ZodMiniType;
  /** `input` is what the schema made of the message. Throws Unavailable for what this loader does not answer. */
  answer(input: unknown): unknown;
}

/** By the name of their event. */
export type Lookups = ReadonlyMap<string, Question>;

/** The message ends with the next action. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** When the same request may be accepted; undefined: it never is. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Sources {
  history: Pick<History, 'answer' | 'top'>;
  /** Undefined: processes are of another network namespace than the interfaces. */
  listeners: Pick<Listeners, 'find'> | undefined;
  /** Undefined: not switched on. */
  reverseNames: Pick<ReverseNames, 'find'> | undefined;
  /** Counts what was rejected. */
  lines: Pick<LineLimit, 'warn'>;
  /** Undefined: no file was named. */
  places: Pick<Places, 'find'> | undefined;
}

export function lookups({ history, listeners, reverseNames, places, lines }: Sources): Lookups {
  return new Map([
    question(
      'history',
      () => HISTORY,
      historyRequestSchema,
      ({ step_ms }) => history.answer(step_ms, Date.now()),
    ),
    question('history:top', historyTopCost, historyTopRequestSchema, ({ from_ms, to_ms }) =>
      history.top(from_ms, to_ms),
    ),
    question(
      'names:listeners',
      () => LOOKUP,
      z.strictObject({}),
      () => {
        if (listeners) return listeners.find();
        throw new Unavailable('Processes are known only without --netns: start a loader inside that namespace.');
      },
    ),
    question(
      'names:reverse',
      () => LOOKUP,
      reverseNamesRequestSchema,
      ({ addresses }) => {
        if (reverseNames) {
          const found = reverseNames.find(addresses);
          if (found) return found;
          lines.warn({}, 'reverse DNS lookups rejected: too many wait');
          throw new Unavailable(
            `Too many names are being looked up. Ask again in ${NAMES_AGAIN_MS / 1000} s.`,
            NAMES_AGAIN_MS,
          );
        }
        throw new Unavailable(
          'Reverse DNS is off, because the sender’s DNS server would see the lookups. Start the loader with --reverse-dns.',
        );
      },
    ),
    question(
      'names:places',
      () => LOOKUP,
      placesRequestSchema,
      ({ addresses }) => {
        if (places) return places.find(addresses);
        throw new Unavailable(
          'No database of countries and networks is read. Start the loader with --geoip FILE.mmdb.',
        );
      },
    ),
  ]);
}

function question<Schema extends z.ZodMiniType>(
  event: string,
  cost: (request: unknown) => number,
  schema: Schema,
  answer: (input: z.output<Schema>) => unknown,
): [string, Question] {
  return [event, { cost, schema, answer: (input) => answer(input as z.output<Schema>) }];
}
