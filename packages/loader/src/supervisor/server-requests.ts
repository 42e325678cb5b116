/**
 * Answers the server's requests. The server is not trusted: the admin token of the client decides what a request may
 * do, and the core checks it here.
 */
import { isIP } from 'node:net';
import type { Listener, RulesError } from '@packetlog/common';
import type { BansAccess } from '../ipc/defence/bans-access.ts';
import type { FleetAccess } from '../ipc/fleet/fleet-access.ts';
import { NOT_RECORDED, type PastAccess, type PastAnswer } from '../ipc/past-access.ts';
import type { Caller, RulesAccess } from '../ipc/rules-access.ts';
import type { ServerRequest } from '../ipc/server-messages.ts';
import { hasDigest } from '../ipc/token-digest.ts';

/** Requests that are not answered yet; further ones are rejected. */
const MAX_PENDING = 512;
const RETRY_MS = 1000;
const TOO_MANY: { ok: false; error: RulesError } = {
  ok: false,
  error: {
    code: 'unavailable',
    message: 'Too many requests are waiting. Retry in a second.',
    retry_after_ms: RETRY_MS,
  },
};

export interface RequestParts {
  readonly rules: RulesAccess;
  readonly bans: BansAccess;
  /** Undefined: nothing is recorded. */
  readonly past: PastAccess | undefined;
  /** Undefined: there is no hub. */
  readonly fleet: FleetAccess | undefined;
  /** Digest of the admin token. */
  readonly adminDigest: () => string;
  readonly listeners: () => Promise<Listener[]>;
  readonly isHealthy: () => boolean;
  readonly answer: (request: number, value: unknown) => void;
  readonly failed: (error: unknown) => void;
}

export class ServerRequests {
  readonly #parts: RequestParts;
  readonly #pending = new Map<number, AbortController>();

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  handle(request: number, what: ServerRequest): void {
    if (this.#pending.size >= MAX_PENDING || this.#pending.has(request)) {
      const hasErrors = 'verb' in what || what.about === 'limits' || what.about === 'fleet';
      this.#parts.answer(request, hasErrors ? TOO_MANY : undefined);
      return;
    }
    const gone = new AbortController();
    this.#pending.set(request, gone);
    this.#answerTo(what, gone.signal)
      .catch((error: unknown) => this.#parts.failed(error))
      .then((value) => {
        this.#pending.delete(request);
        if (!gone.signal.aborted) this.#parts.answer(request, value);
      });
  }

  /** The client no longer waits. */
  cancel(request: number): void {
    this.#pending.get(request)?.abort();
  }

  /** The server has ended. */
  end(): void {
    for (const gone of this.#pending.values()) gone.abort();
  }

  async #answerTo(what: ServerRequest, gone: AbortSignal): Promise<unknown> {
    const { rules, bans, listeners, isHealthy } = this.#parts;
    switch (what.about) {
      case 'rules':
        return rules.ask(what.verb, what.request, this.#caller(what, gone));
      case 'bans':
        return bans.ask(what.verb, what.request, this.#caller(what, gone));
      case 'past':
        return this.#past(what, gone);
      case 'limits':
        return rules.limits(what.request);
      case 'fleet':
        return this.#parts.fleet?.ask(what.question);
      case 'snapshot':
        return rules.snapshot();
      case 'listeners':
        return listeners();
      case 'health':
        return isHealthy();
    }
  }

  async #past(
    { verb, request, client, admin_token }: Extract<ServerRequest, { about: 'past' }>,
    gone: AbortSignal,
  ): Promise<PastAnswer> {
    const mayChange = this.#adminName(admin_token) !== undefined;
    return this.#parts.past?.ask(verb, request, { client, mayChange, gone }) ?? NOT_RECORDED;
  }

  /** Returns the name of who may change rules with this token; undefined if the token permits no changes. */
  #adminName(token: string | undefined): string | undefined {
    if (token === undefined) return undefined;
    if (hasDigest(token, this.#parts.adminDigest())) return 'admin token';
    const granted = this.#parts.fleet?.granted(token);
    return granted?.mayChange === true ? `${granted.person} via hub` : undefined;
  }

  #caller(what: Extract<ServerRequest, { about: 'rules' | 'bans' }>, gone: AbortSignal): Caller {
    const { admin_token, address, client } = what;
    const name = this.#adminName(admin_token);
    return {
      who: {
        name: name ?? 'token',
        via: 'socket',
        ...(isIP(address) === 0 ? {} : { address }),
      },
      mayChange: name !== undefined,
      mayNameFiles: false,
      gone,
      client,
    };
  }
}
