/** Validates, runs and answers the requests about bans of every transport. */
import {
  type BanResults,
  type BansAnswer,
  type BansVerb,
  bansRequestSchemas,
  type CheckedBansRequest,
  invalidRequest,
  type RulesError,
} from '@packetlog/common';
import type { BansAccess } from '../ipc/defence/bans-access.ts';
import type { Caller } from '../ipc/rules-access.ts';
import { RulesRejection } from '../rules/ruleset/rejection.ts';

type Handlers = {
  readonly [Verb in BansVerb]: (request: CheckedBansRequest<Verb>, caller: Caller) => Promise<BanResults[Verb]>;
};

export interface BansApiOptions {
  readonly handlers: Handlers;
  /** Called with an internal error, to log it. */
  readonly failed: (error: unknown) => void;
}

export class BansApi implements BansAccess {
  readonly #options: BansApiOptions;

  constructor(options: BansApiOptions) {
    this.#options = options;
  }

  async ask<Verb extends BansVerb>(verb: Verb, request: unknown, caller: Caller): Promise<BansAnswer<Verb>> {
    if (verb === 'undo' && !caller.mayChange) return { ok: false, error: FORBIDDEN };
    const parsed = bansRequestSchemas[verb].safeParse(request);
    if (!parsed.success) return { ok: false, error: invalidRequest(parsed.error) };
    const handler: Handlers[Verb] = this.#options.handlers[verb];
    try {
      return { ok: true, value: await handler(parsed.data as CheckedBansRequest<Verb>, caller) };
    } catch (error) {
      if (error instanceof RulesRejection) return { ok: false, error: error.error };
      this.#options.failed(error);
      return { ok: false, error: INTERNAL };
    }
  }
}

const FORBIDDEN: RulesError = {
  code: 'forbidden',
  message:
    'This connection is read-only. Open the second URL that packetlog printed when it started, the one with admin_token.',
};
const INTERNAL: RulesError = { code: 'internal', message: 'The request failed in the loader; see its log.' };
