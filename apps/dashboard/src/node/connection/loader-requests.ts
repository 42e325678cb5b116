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
import { isHistoryTop, isRejection } from '../messages/messages.ts';
import { isRulesError } from '../messages/rules-messages.ts';
import type { Check } from '../messages/shape.ts';
import type { LookupEvent } from './lookups.ts';

export type LoaderSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const ANSWER_WITHIN_MS = 15_000;

/** Requests over the page's connection. Answers are validated before they are used. */
export class LoaderRequests {
  readonly #socket: LoaderSocket;

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
    return this.#answer(event, request, isRejection, 'The loader has not answered.');
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
