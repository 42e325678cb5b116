/** Sends blocks of recorded packets to one hub, one after the other, as long as its connection lasts. */
import { type IncomingMessage, request } from 'node:http';
import { SHIP_HEADERS, SHIP_PATH } from '@packetlog/common/fleet';
import type { Block, QuestionOf } from '../ipc/fleet/fleet-access.ts';
import type { FleetQuestions } from './fleet-questions.ts';
import type { OpenSession } from './hub-connection.ts';

/** Until the core is asked again after it had no block, in ms. */
const POLL_MS = 1000;
/** For a block and its answer, in ms: a block has up to 8 MiB. */
const POST_MS = 60_000;
/** After a failure: at random up to this, in ms, so that nodes do not come back at the same time. */
const MAX_RETRY_MS = 30_000;
const MAX_RETRY_AFTER_S = 600;
const MAX_ANSWER_BYTES = 4096;

export interface ShipLoopParts {
  readonly session: OpenSession;
  readonly core: Pick<FleetQuestions, 'block' | 'shipped'>;
  readonly warn: (problem: string) => void;
  /** Replaced in tests. */
  readonly pauseMs?: (ms: number) => number;
}

interface Answer {
  readonly status: number;
  readonly retryAfterS: number;
  readonly body: string;
}

export class ShipLoop {
  readonly #parts: ShipLoopParts;
  readonly #end = new AbortController();
  #failures = 0;

  constructor(parts: ShipLoopParts) {
    this.#parts = parts;
    void this.#run();
  }

  end(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    const { session, core } = this.#parts;
    const want = session.welcome.ship;
    if (want === 'nothing') return;
    while (!this.#end.signal.aborted) {
      const next = await core.block(want);
      const block = next.ok ? next.value : undefined;
      if (block === undefined) await this.#pause(POLL_MS);
      else await this.#send(block);
    }
  }

  async #send(block: Block): Promise<void> {
    const { session, core, warn } = this.#parts;
    let answer: Answer;
    try {
      answer = await post(session, block, this.#end.signal);
    } catch (error) {
      // The core keeps the block: the hub may have it already, and then says so.
      if (!this.#end.signal.aborted) await this.#failed((error as Error).message);
      return;
    }
    const result = resultOf(answer);
    if (result === undefined) {
      const { status, retryAfterS } = answer;
      // A full hub is no fault of the connection.
      if (status !== 503) warn(`it answered with HTTP status ${status} to a block of recorded packets`);
      await this.#failed(undefined, retryAfterS);
      return;
    }
    this.#failures = 0;
    const { table, sequence } = block;
    await core.shipped({ table, sequence, ...result });
  }

  async #failed(problem: string | undefined, retryAfterS = 0): Promise<void> {
    if (problem !== undefined) this.#parts.warn(`a block of recorded packets could not be sent: ${problem}`);
    const most = Math.min(MAX_RETRY_MS, POLL_MS * 2 ** this.#failures++);
    await this.#pause(Math.max(Math.random() * most, Math.min(retryAfterS, MAX_RETRY_AFTER_S) * 1000));
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#end;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, this.#parts.pauseMs?.(ms) ?? ms);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}

function resultOf({ status, body }: Answer): Pick<QuestionOf<'shipped'>, 'result' | 'next'> | undefined {
  switch (status) {
    case 200:
      return { result: 'acknowledged' };
    case 400:
    case 413:
      return { result: 'malformed' };
    case 409:
      return { result: 'missing', ...nextOf(body) };
    default:
      return undefined;
  }
}

function nextOf(body: string): { next?: number } {
  try {
    const { next } = JSON.parse(body) as { next?: unknown };
    return typeof next === 'number' && Number.isSafeInteger(next) && next >= 0 ? { next } : {};
  } catch {
    return {};
  }
}

function post({ url, agent, welcome }: OpenSession, block: Block, end: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(SHIP_PATH, url), {
      agent,
      method: 'POST',
      signal: AbortSignal.any([end, AbortSignal.timeout(POST_MS)]),
      headers: {
        Authorization: `Bearer ${welcome.session_token}`,
        'Content-Type': 'application/octet-stream',
        'Content-Encoding': 'gzip',
        'Content-Length': block.bytes.length,
        [SHIP_HEADERS.table]: block.table,
        [SHIP_HEADERS.stream]: block.stream,
        [SHIP_HEADERS.sequence]: block.sequence,
        [SHIP_HEADERS.rows]: block.rows,
      },
    });
    outgoing.on('response', (response) => readAnswer(response).then(resolve, reject));
    outgoing.on('error', reject);
    outgoing.end(block.bytes);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += chunk as string;
    if (body.length > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
  }
  const retryAfterS = Number(response.headers['retry-after'] ?? 0);
  return { status: response.statusCode ?? 0, retryAfterS: Number.isFinite(retryAfterS) ? retryAfterS : 0, body };
}
