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
import { isHistoryTop, isRefusal, isRulesError } from '../lib/messages.ts';
import type { NamesEvent } from './names.ts';

export type LoaderSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

const ANSWER_WITHIN_MS = 15_000;

/** What a loader is asked over the page's connection. No answer is believed before it is parsed. */
export class LoaderQuestions {
  readonly #socket: LoaderSocket;

  constructor(socket: LoaderSocket) {
    this.#socket = socket;
  }

  /** Resolves always: what went wrong on the way is an answer too. */
  async ask<Verb extends RulesVerb>(
    verb: Verb,
    request: RulesRequest<Verb>,
    withinMs = ANSWER_WITHIN_MS,
  ): Promise<RulesAnswer<Verb>> {
    if (!this.#socket.connected) return notDone('There is no connection to the loader: try again when it is back.');
    try {
      // The socket's own types cannot follow an event whose name is put together.
      const answer: unknown = await (this.#socket as Socket).timeout(withinMs).emitWithAck(`rules:${verb}`, request);
      const { ok, error } = answer as RulesAnswer<Verb> & { error?: unknown };
      if (ok === true) return answer as RulesAnswer<Verb>;
      return isRulesError(error) ? { ok: false, error } : notDone('The loader rejected this without a reason.');
    } catch {
      return notDone('The loader has not answered. Check the rules before you try again: the change may be in force.');
    }
  }

  /** Who made that time, ms since the epoch; null where the loader cannot be asked, or does not say. */
  async top(from_ms: number, to_ms: number): Promise<HistoryTop | null> {
    if (!this.#socket.connected) return null;
    try {
      const answer = await this.#socket.timeout(ANSWER_WITHIN_MS).emitWithAck('history:top', { from_ms, to_ms });
      return answer.ok && isHistoryTop(answer.value) ? answer.value : null;
    } catch {
      return null;
    }
  }

  /** For what the loader looks up. Resolves always. */
  async lookUp(event: NamesEvent, request: object): Promise<Acknowledgement<unknown>> {
    if (!this.#socket.connected) return notDone('There is no connection to the loader.');
    try {
      const answer: unknown = await (this.#socket as Socket).timeout(ANSWER_WITHIN_MS).emitWithAck(event, request);
      const { ok, value, error } = answer as { ok?: unknown; value?: unknown; error?: unknown };
      if (ok === true) return { ok, value };
      return isRefusal(error) ? { ok: false, error } : notDone('The loader rejected this without a reason.');
    } catch {
      return notDone('The loader has not answered.');
    }
  }
}

function notDone(message: string): { ok: false; error: { code: 'unavailable'; message: string } } {
  return { ok: false, error: { code: 'unavailable', message } };
}
