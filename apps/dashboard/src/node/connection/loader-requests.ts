import type {
  Acknowledgement,
  ClientToServerEvents,
  HistoryTop,
  RulesAnswer,
  RulesRequest,
  RulesVerb,
  ServerToClientEvents,
} from '@packetlog/common';
import type { Socket } from 'socket.io-client';
import type { DefenceAnswer, DefenceAnswers, DefenceEvent, DefenceRequests } from '../messages/defence-events.ts';
import { isHistoryTop, isRejection } from '../messages/messages.ts';
import type { PastAnswers, PastEvent, PastRequests } from '../messages/past-events.ts';
import { isRulesError } from '../messages/rules-messages.ts';
import type { Check } from '../messages/shape.ts';
import { type LookupEvent, UNREADABLE } from './lookups.ts';
import { Turns } from './turns.ts';

export type LoaderSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const NO_ANSWER = 'The loader has not answered.';
const PART_MISSING = 'A part of this page could not be loaded: reload the page.';
const ANSWER_WITHIN_MS = 15_000;
/** Weeks of packets take a while to read. */
const PAST_WITHIN_MS = 60_000;
const SLOW_WITHIN_MS = 300_000;
/** These read all columns of the range. */
const SLOW: ReadonlySet<PastEvent> = new Set(['past:dry_run', 'past:learn']);

/** Requests over the page's connection. Answers are validated before they are used. */
export class LoaderRequests {
  readonly #socket: LoaderSocket;
  readonly #turns = new Turns();

  constructor(socket: LoaderSocket) {
    this.#socket = socket;
  }

  /** Always resolves; failures are answers as well. */
  ask<Verb extends RulesVerb>(verb: Verb, request: RulesRequest<Verb>, withinMs?: number): Promise<RulesAnswer<Verb>> {
    const noAnswer = 'The loader has not answered. Check the rules before you try again: the change may be in force.';
    return this.#answer(`rules:${verb}`, request, isRulesError, noAnswer, withinMs) as Promise<RulesAnswer<Verb>>;
  }

  /** Requests the top lists of a time range, ms since the epoch; null without a connection or an answer. */
  async top(from_ms: number, to_ms: number): Promise<HistoryTop | null> {
    const answer = await this.lookUp('history:top', { from_ms, to_ms });
    return answer.ok && isHistoryTop(answer.value) ? answer.value : null;
  }

  /** Requests a lookup. Always resolves. */
  lookUp(event: LookupEvent | 'history:top', request: object): Promise<Acknowledgement<unknown>> {
    return this.#answer(event, request, isRejection, NO_ANSWER);
  }

  /** Asks about recorded packets, or for live sums. Always resolves. */
  async past<Event extends PastEvent>(
    event: Event,
    request: PastRequests[Event],
    unwanted?: AbortSignal,
  ): Promise<Acknowledgement<PastAnswers[Event]>> {
    const checks = await import('../messages/past-messages.ts').catch(() => null);
    if (checks === null) return unavailable(PART_MISSING);
    const withinMs = SLOW.has(event) ? SLOW_WITHIN_MS : PAST_WITHIN_MS;
    const send = async () => {
      // Of live sums, nothing is there to be cancelled.
      const cancel = () => void this.#answer('past:cancel', { question: event.slice('past:'.length) }, isRejection, '');
      unwanted?.addEventListener('abort', cancel, { once: true });
      const answered = await this.#answer(event, request, isRejection, NO_ANSWER, withinMs);
      unwanted?.removeEventListener('abort', cancel);
      return answered;
    };
    const answer = await this.#turns.take(event, send, unwanted);
    if (answer === null) return unavailable('This question was replaced by a newer one.');
    if (!answer.ok) return answer;
    const check: Check<PastAnswers[Event]> = checks.PAST_CHECKS[event];
    return check(answer.value) ? { ok: true, value: answer.value } : UNREADABLE;
  }

  /** Asks about limits and bans, or ends bans. Always resolves. */
  async defence<Event extends DefenceEvent>(
    event: Event,
    request: DefenceRequests[Event],
  ): Promise<DefenceAnswer<Event>> {
    const checks = await import('../messages/defence-messages.ts').catch(() => null);
    if (checks === null) return unavailable(PART_MISSING);
    const answer = await this.#answer(event, request, isRulesError, NO_ANSWER);
    if (!answer.ok) return answer;
    const check: Check<DefenceAnswers[Event]> = checks.DEFENCE_CHECKS[event];
    return check(answer.value) ? { ok: true, value: answer.value } : UNREADABLE;
  }

  async #answer<Problem>(
    event: string,
    request: object,
    isProblem: Check<Problem>,
    noAnswer: string,
    withinMs = ANSWER_WITHIN_MS,
  ): Promise<{ ok: true; value: unknown } | { ok: false; error: Problem | Unanswered }> {
    if (!this.#socket.connected) return unavailable('There is no connection to the loader: try again when it is back.');
    try {
      // The types of socket.io cannot follow a variable event.
      const answer: unknown = await (this.#socket as Socket).timeout(withinMs).emitWithAck(event, request);
      const { ok, value, error } = answer as { ok?: unknown; value?: unknown; error?: unknown };
      if (ok === true) return { ok, value };
      return isProblem(error) ? { ok: false, error } : unavailable('The loader rejected this without a reason.');
    } catch {
      return unavailable(noAnswer);
    }
  }
}

interface Unanswered {
  readonly code: 'unavailable';
  readonly message: string;
}

function unavailable(message: string): { ok: false; error: Unanswered } {
  return { ok: false, error: { code: 'unavailable', message } };
}
