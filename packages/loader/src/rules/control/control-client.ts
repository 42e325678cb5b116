/** Sends requests to the running loader over its Unix socket. */
import { request } from 'node:http';
import { isIP } from 'node:net';
import type {
  Acknowledgement,
  BansAnswer,
  BansRequest,
  BansVerb,
  LimitLevels,
  LimitsTopRequest,
  LimitTriedRequest,
  RulesAnswer,
  RulesRequest,
  RulesVerb,
} from '@packetlog/common';
import type { AlertAnswer, AlertRequest, AlertVerb } from '../../ipc/alerts/alerts-access.ts';
import type { ControlSession, LoaderIdentity, RotatedTokens } from '../../ipc/control-session.ts';
import type { LoaderStatus } from '../../ipc/loader-status.ts';
import type { LocalPastAnswers, LocalPastRequests, LocalPastVerb } from '../../ipc/past-access.ts';
import { ADDRESS_HEADER, USER_HEADER } from './control-headers.ts';

/** Loaded when needed: most commands check no answer. */
const sessionSchemas = () => import('../../ipc/control-session.ts');

/** No loader listens on this socket. */
export class NoLoaderError extends Error {
  override readonly name = 'NoLoaderError';
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED']);

export class ControlClient {
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** `user`: who became root to run this command. `address`: from which that user is connected. */
  constructor(path: string, { user, address }: { user: string; address?: string | undefined }) {
    this.#path = path;
    // The value comes from the environment, and may hold characters that Node.js rejects in a header.
    const from = address !== undefined && isIP(address) !== 0 ? { [ADDRESS_HEADER]: address } : {};
    this.#headers = { [USER_HEADER]: user.replace(/[^ -~]/g, '?'), ...from };
  }

  /** Sends a request about rules. Rejects with NoLoaderError, or the socket's error. */
  ask<Verb extends RulesVerb>(verb: Verb, body: RulesRequest<Verb>): Promise<RulesAnswer<Verb>> {
    return this.#post(`/rules/${verb}`, JSON.stringify(body));
  }

  /** Returns the loader's session. Also rejects if the loader has another version. */
  async session(): Promise<ControlSession> {
    const answer = await this.#post<{ value?: unknown }>('/session', '');
    return (await sessionSchemas()).controlSessionSchema.parse(answer.value);
  }

  /** Returns the loader's status. Also rejects if the loader has another version. */
  async status(): Promise<LoaderStatus> {
    const answer = await this.#post<{ value?: unknown }>('/status', '');
    return (await import('../../ipc/loader-status.ts')).loaderStatusSchema.parse(answer.value);
  }

  /** Replaces the tokens of the dashboard. Also rejects if the loader has an earlier version. */
  async rotateTokens(): Promise<RotatedTokens> {
    const answer = await this.#post<{ value?: unknown }>('/rotate-tokens', '');
    return (await sessionSchemas()).rotatedTokensSchema.parse(answer.value);
  }

  /** Asks about recorded packets, or changes their bookmarks. A loader of an earlier version answers `not_found`. */
  past<Verb extends LocalPastVerb>(verb: Verb, request: LocalPastRequests[Verb]): Promise<LocalPastAnswers[Verb]> {
    return this.#post(`/past/${verb}`, JSON.stringify(request));
  }

  /** Asks about alerts, or changes them. A loader of an earlier version answers `not_found`. */
  alerts<Verb extends AlertVerb>(verb: Verb, request: AlertRequest<Verb>): Promise<AlertAnswer<Verb>> {
    return this.#post(`/alerts/${verb}`, JSON.stringify(request));
  }

  /** Asks about bans, or undoes them. A loader of an earlier version answers `not_found`. */
  bans<Verb extends BansVerb>(verb: Verb, request: BansRequest<Verb>): Promise<BansAnswer<Verb>> {
    return this.#post(`/bans/${verb}`, JSON.stringify(request));
  }

  /** Asks for the levels of limits. A loader of an earlier version answers `not_found`. */
  limits(request: LimitsTopRequest): Promise<Acknowledgement<LimitLevels>> {
    return this.#post('/limits/top', JSON.stringify(request));
  }

  /** Records the dry run of a limit over recorded packets. A loader of an earlier version answers `not_found`. */
  limitTried(request: LimitTriedRequest): Promise<{ ok: boolean }> {
    return this.#post('/limits/tried', JSON.stringify(request));
  }

  /** Returns which loader answers. Also works with a loader of another version. */
  async identity(): Promise<LoaderIdentity> {
    const answer = await this.#post<{ value?: unknown }>('/session', '');
    return (await sessionSchemas()).loaderIdentitySchema.parse(answer.value);
  }

  /**
   * Returns the `--record-dir` of the loader; undefined if it has none, or its version does not say. Rejects also without
   * an answer in `ms`.
   */
  async recordDirectory(ms: number): Promise<string | undefined> {
    const answer = await this.#post<{ value?: unknown }>('/session', '', AbortSignal.timeout(ms));
    return (await sessionSchemas()).recordDirectorySchema.parse(answer.value).record_directory;
  }

  importBytes(query: Readonly<Record<string, string>>, list: Uint8Array): Promise<RulesAnswer<'import'>> {
    return this.#post(`/rules/import?${new URLSearchParams(query)}`, list);
  }

  #post<Answer>(path: string, body: string | Uint8Array, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Length': Buffer.byteLength(body), ...this.#headers };
      // A new connection each time: the loader may close an idle one just as it is reused.
      const options = {
        socketPath: this.#path,
        path,
        method: 'POST',
        headers,
        agent: false,
        ...(signal && { signal }),
      };
      const outgoing = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer);
          } catch (error) {
            reject(error);
          }
        });
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        reject(ABSENT.has(error.code ?? '') ? new NoLoaderError(this.#path, { cause: error }) : error);
      });
      outgoing.end(body);
    });
  }
}
