/** Join tokens: each lets a number of nodes join, until it expires. Only the digest of its secret is stored. */
import { randomInt } from 'node:crypto';
import {
  formatJoinToken,
  groupNameSchema,
  type JoinToken,
  type JoinTokenState,
  parseJoinToken,
} from '@packetlog/common/fleet';
import * as z from 'zod/mini';
import { changeValue } from '../state/change-value.ts';
import type { HubState } from '../state/hub-state.ts';
import { readRecord } from './records.ts';
import { hasSecretDigest, newSecret, secretDigest } from './secrets.ts';
import { keyDigest } from './signing.ts';

const PREFIX = 'join-tokens/';
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 8;

const recordSchema = z.strictObject({
  group: groupNameSchema,
  secret_digest: z.string(),
  expires_at_ms: z.number(),
  uses_left: z.int().check(z.nonnegative()),
});

export interface RequestedJoinToken {
  readonly for_s: number;
  readonly uses: number;
  readonly group: string;
}

/** Why a join token is of no use, as a clause. */
export type TokenProblem = 'it is unknown' | 'it has expired' | 'it is used up' | 'it is of another hub';

type TokenAnswer = { readonly group: string; readonly id: string } | { readonly problem: TokenProblem };

export class JoinTokens {
  readonly #state: HubState;
  readonly #hubKeyDigest: string;
  readonly #now: () => number;

  /** `now` returns milliseconds since 1970. */
  constructor(state: HubState, hubPublicKey: string, now: () => number) {
    this.#state = state;
    this.#hubKeyDigest = keyDigest(hubPublicKey);
    this.#now = now;
  }

  /** Returns the token's text, which is stored nowhere. */
  async make({
    for_s,
    uses,
    group,
  }: RequestedJoinToken): Promise<{ token: string; id: string; expires_at_ms: number }> {
    await this.#removeExpired();
    const token: JoinToken = { id: newId(), secret: newSecret(), hubKeyDigest: this.#hubKeyDigest };
    const expires_at_ms = this.#now() + for_s * 1000;
    const record = { group, secret_digest: secretDigest(token.secret), expires_at_ms, uses_left: uses };
    await this.#state.put(PREFIX + token.id, JSON.stringify(record), 0);
    return { token: formatJoinToken(token), id: token.id, expires_at_ms };
  }

  /** Returns the group of the token, or why it is of no use. */
  async check(text: string): Promise<TokenAnswer> {
    const token = this.#parse(text);
    if ('problem' in token) return token;
    const key = PREFIX + token.id;
    return this.#answer(token, key, (await this.#state.get(key))?.value).result;
  }

  /** Takes one use of the token for a node. Returns its group, or why it is of no use. */
  async use(text: string): Promise<TokenAnswer> {
    const token = this.#parse(text);
    if ('problem' in token) return token;
    const key = PREFIX + token.id;
    return changeValue<TokenAnswer>(this.#state, key, (value) => {
      const { record, result } = this.#answer(token, key, value);
      if (record === undefined) return { value, result };
      return { value: JSON.stringify({ ...record, uses_left: record.uses_left - 1 }), result };
    });
  }

  #parse(text: string): JoinToken | { problem: TokenProblem } {
    const token = parseJoinToken(text);
    if (token === undefined) return { problem: 'it is unknown' };
    return token.hubKeyDigest === this.#hubKeyDigest ? token : { problem: 'it is of another hub' };
  }

  /** `record`: present if the token can be used. */
  #answer(token: JoinToken, key: string, value: string | undefined) {
    const record = value === undefined ? undefined : readRecord(key, value, recordSchema);
    const problem = (what: TokenProblem) => ({ record: undefined, result: { problem: what } });
    if (record === undefined || !hasSecretDigest(token.secret, record.secret_digest)) return problem('it is unknown');
    if (record.expires_at_ms <= this.#now()) return problem('it has expired');
    if (record.uses_left === 0) return problem('it is used up');
    return { record, result: { group: record.group, id: token.id } };
  }

  /** Returns the tokens that have not expired. */
  async list(): Promise<JoinTokenState[]> {
    await this.#removeExpired();
    const stored = await this.#state.list(PREFIX);
    return [...stored].map(([key, { value }]) => {
      const { group, expires_at_ms, uses_left } = readRecord(key, value, recordSchema);
      return { id: key.slice(PREFIX.length), group, expires_at_ms, uses_left };
    });
  }

  /** Returns false if there is no such token. */
  async revoke(id: string): Promise<boolean> {
    if (!/^[a-z0-9]{1,16}$/.test(id)) return false;
    return changeValue(this.#state, PREFIX + id, (value) => ({ value: undefined, result: value !== undefined }));
  }

  async #removeExpired(): Promise<void> {
    for (const [key, { value }] of await this.#state.list(PREFIX)) {
      if (readRecord(key, value, recordSchema).expires_at_ms > this.#now()) continue;
      await changeValue(this.#state, key, () => ({ value: undefined, result: undefined }));
    }
  }
}

function newId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('');
}
