/** Asks the running loader over its Unix socket. */
import { request } from 'node:http';
import { isIP } from 'node:net';
import type { RulesAnswer, RulesRequest, RulesVerb } from '@packetlog/common';
import {
  type ControlSession,
  controlSessionSchema,
  type LoaderIdentity,
  loaderIdentitySchema,
} from '../../ipc/control-session.ts';
import { ADDRESS_HEADER, USER_HEADER } from './control-server.ts';

/** No loader listens at this socket. */
export class NoLoaderError extends Error {
  override readonly name = 'NoLoaderError';
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED']);

export class ControlClient {
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** `user`: who became root to do this; `address`: where he sits. */
  constructor(path: string, { user, address }: { user: string; address?: string | undefined }) {
    this.#path = path;
    // Of the environment, and a header is no place for every character: Node would not send it.
    const from = address !== undefined && isIP(address) !== 0 ? { [ADDRESS_HEADER]: address } : {};
    this.#headers = { [USER_HEADER]: user.replace(/[^ -~]/g, '?'), ...from };
  }

  /** Rejects with NoLoaderError, or what the socket says. */
  ask<Verb extends RulesVerb>(verb: Verb, body: RulesRequest<Verb>): Promise<RulesAnswer<Verb>> {
    return this.#post(`/rules/${verb}`, JSON.stringify(body));
  }

  /** Rejects also when the loader is of another version. */
  async session(): Promise<ControlSession> {
    const answer = await this.#post<{ value?: unknown }>('/session', '');
    return controlSessionSchema.parse(answer.value);
  }

  /** Also of a loader of another version. */
  async identity(): Promise<LoaderIdentity> {
    const answer = await this.#post<{ value?: unknown }>('/session', '');
    return loaderIdentitySchema.parse(answer.value);
  }

  importBytes(query: Readonly<Record<string, string>>, list: Uint8Array): Promise<RulesAnswer<'import'>> {
    return this.#post(`/rules/import?${new URLSearchParams(query)}`, list);
  }

  #post<Answer>(path: string, body: string | Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Length': Buffer.byteLength(body), ...this.#headers };
      // A connection of its own: one that was kept may be closed by the loader at the moment it is used again.
      const options = { socketPath: this.#path, path, method: 'POST', headers, agent: false };
      const asked = request(options, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(pieces).toString('utf8')) as Answer);
          } catch (error) {
            reject(error);
          }
        });
      });
      asked.on('error', (error: NodeJS.ErrnoException) => {
        reject(ABSENT.has(error.code ?? '') ? new NoLoaderError(this.#path, { cause: error }) : error);
      });
      asked.end(body);
    });
  }
}
