/** Answers requests other than subscriptions, from the loader's state and from lookups. */
import {
  historyRequestSchema,
  historyTopRequestSchema,
  type Listener,
  limitsTopSchema,
  type PastVerb,
  pastRequestSchemas,
  placesRequestSchema,
  reverseNamesRequestSchema,
} from '@packetlog/common';
import * as z from 'zod/mini';
import type { Places } from '../enrichment/places.ts';
import type { ReverseNames } from '../enrichment/reverse-names.ts';
import type { History } from '../history/history.ts';
import type { PastForClients } from '../ipc/past-access.ts';
import type { RemoteCaller, RulesForClients } from '../ipc/rules-access.ts';
import type { LineLimit } from '../line-limit.ts';
import { HISTORY, historyTopCost, LOOKUP, limitsTopCost, pastCost } from './access/message-cost.ts';
import { EncodedAnswer } from './answer-encoding.ts';

/** When a client may retry names that were rejected as too many. */
const NAMES_RETRY_MS = 5000;

export interface Lookup {
  /** Cost of a request before validation, in the units of budget.ts. */
  readonly cost: (request: unknown) => number;
  readonly schema: z.ZodMiniType;
  /** Answers a request. `input` is the validated message. Throws Unavailable for what this loader does not answer. */
  answer(input: unknown, caller: RemoteCaller): unknown;
}

/** By event name. */
export type Lookups = ReadonlyMap<string, Lookup>;

/** Reports that this loader cannot answer. The message ends with the next step for the user. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** When the same request may succeed; undefined: never. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Sources {
  past: PastForClients;
  rules: Pick<RulesForClients, 'limits'>;
  history: Pick<History, 'answer' | 'top'>;
  /** Undefined: the loader's processes belong to another network namespace than the interfaces. */
  listeners: (() => Promise<Listener[]>) | undefined;
  /** Undefined: reverse DNS is off. */
  reverseNames: Pick<ReverseNames, 'find'> | undefined;
  /** Counts rejected requests. */
  lines: Pick<LineLimit, 'warn'>;
  /** Undefined: no GeoIP file was given. */
  places: Pick<Places, 'find'> | undefined;
}

export function lookups({ history, past, rules, listeners, reverseNames, places, lines }: Sources): Lookups {
  return new Map([
    lookup(
      'history',
      () => HISTORY,
      historyRequestSchema,
      ({ step_ms }) => history.answer(step_ms, Date.now()),
    ),
    ...pastLookups(past),
    lookup('history:top', historyTopCost, historyTopRequestSchema, ({ from_ms, to_ms }) => history.top(from_ms, to_ms)),
    lookup('limits:top', limitsTopCost, limitsTopSchema, async (request) =>
      EncodedAnswer.of(await rules.limits(request)),
    ),
    lookup(
      'names:listeners',
      () => LOOKUP,
      z.strictObject({}),
      () => {
        if (listeners) return listeners();
        throw new Unavailable('Processes can be looked up only without --netns: start a loader inside that namespace.');
      },
    ),
    lookup(
      'names:reverse',
      () => LOOKUP,
      reverseNamesRequestSchema,
      ({ addresses }) => {
        if (reverseNames) {
          const found = reverseNames.find(addresses);
          if (found) return found;
          lines.warn({}, 'reverse DNS lookups rejected: too many wait');
          throw new Unavailable(
            `Too many names are being looked up. Retry in ${NAMES_RETRY_MS / 1000} s.`,
            NAMES_RETRY_MS,
          );
        }
        throw new Unavailable(
          'Reverse DNS is off, because the sender’s DNS server would see the lookups. Start the loader with --reverse-dns.',
        );
      },
    ),
    lookup(
      'names:places',
      () => LOOKUP,
      placesRequestSchema,
      ({ addresses }) => {
        if (places) return places.find(addresses);
        throw new Unavailable('No GeoIP database is loaded. Start the loader with --geoip FILE.mmdb.');
      },
    ),
  ]);
}

/** The core answers, in its thread for recorded packets. */
function pastLookups(past: PastForClients): [string, Lookup][] {
  return (Object.keys(pastRequestSchemas) as PastVerb[]).map((verb) =>
    lookup(
      `past:${verb}`,
      (request) => pastCost(verb, request),
      // Users type rules: the core checks them, and an invalid one is no bad message.
      verb === 'dry_run' ? z.looseObject({}) : (pastRequestSchemas[verb] as z.ZodMiniType),
      async (request, caller) => {
        const answer = await past.ask(verb, request, caller);
        if (answer.ok) return new EncodedAnswer(`{"ok":true,"value":${answer.json}}`);
        return EncodedAnswer.of(answer);
      },
    ),
  );
}

function lookup<Schema extends z.ZodMiniType>(
  event: string,
  cost: (request: unknown) => number,
  schema: Schema,
  answer: (input: z.output<Schema>, caller: RemoteCaller) => unknown,
): [string, Lookup] {
  return [event, { cost, schema, answer: (input, caller) => answer(input as z.output<Schema>, caller) }];
}
