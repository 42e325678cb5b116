/** Answers what a hub asks itself, to sum the answers of nodes: requests of clients, with a read-only client's rights. */
import type { Rejection } from '@packetlog/common';
import type { AskedEvent } from '@packetlog/common/fleet';
import type { RemoteCaller, RulesForClients } from '../ipc/rules-access.ts';
import { EncodedAnswer } from './answer-encoding.ts';
import { type Lookups, Unavailable } from './lookups.ts';
import { rejectedMessage } from './rejected-message.ts';

/** Work on a question stops then: its hub no longer waits. */
const MAX_MS = 120_000;
/** Of one answer, as JSON. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

export class AskedEvents {
  readonly #lookups: Lookups;
  readonly #rules: Pick<RulesForClients, 'ask'>;

  constructor(lookups: Lookups, rules: Pick<RulesForClients, 'ask'>) {
    this.#lookups = lookups;
    this.#rules = rules;
  }

  /** Rejects for faults of the loader. */
  async answer(event: AskedEvent, request: unknown): Promise<EncodedAnswer> {
    // A caller of its own: a newer question of the same caller would replace this one.
    const caller: RemoteCaller = { address: '', adminToken: undefined, gone: AbortSignal.timeout(MAX_MS) };
    const answer = await this.#answer(event, request, caller);
    if (answer.json.length <= MAX_CHARACTERS) return answer;
    return rejected('unavailable', 'The answer is too long. Ask for a shorter time or fewer rows.');
  }

  async #answer(event: AskedEvent, request: unknown, caller: RemoteCaller): Promise<EncodedAnswer> {
    if (event === 'rules:list') return EncodedAnswer.of(await this.#rules.ask('list', request, caller));
    const lookup = this.#lookups.get(event);
    if (lookup === undefined)
      return rejected('unavailable', 'The node does not answer this question. Update the node.');
    const parsed = lookup.schema.safeParse(request);
    if (!parsed.success) return EncodedAnswer.of({ ok: false, error: rejectedMessage(parsed.error) });
    try {
      const value = await lookup.answer(parsed.data, caller);
      return value instanceof EncodedAnswer ? value : EncodedAnswer.of({ ok: true, value });
    } catch (error) {
      if (error instanceof Unavailable) return rejected('unavailable', error.message);
      throw error;
    }
  }
}

export function rejected(code: Rejection['code'], message: string): EncodedAnswer {
  return EncodedAnswer.of({ ok: false, error: { code, message } });
}
