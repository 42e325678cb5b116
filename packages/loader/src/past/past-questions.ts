/**
 * The main thread's handle on the thread that answers questions about recorded packets. The thread starts with the first
 * question and ends some time after the last, so a loader without questions spends no memory on it.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type PastVerb, pastRequestSchemas } from '@packetlog/common';
import type { PlaceFile } from '../enrichment/places.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { BookmarkAccess, PastAccess, PastAnswer, PastCaller } from '../ipc/past-access.ts';
import type { TriedLimit } from '../past-dry-run/past-report.ts';
import type { RecorderFacts } from './answers/past-facts.ts';
import type { FromPastThread, PastThreadData, QuestionVerb, ToPastThread, TrialContext } from './past-messages.ts';
import { CANCELLED, ENDED, FAILED, FORBIDDEN, INTERNAL, INVALID, REPLACED, TOO_MANY } from './past-rejections.ts';

/** Questions that are not answered yet, and those of them that read-only clients may have. */
const MAX_PENDING = 32;
const MAX_FOR_READERS = 16;
/** An idle thread keeps what it knows of the segments, but takes about 15 MiB. */
const IDLE_MS = 30_000;
/** Typed arrays are not part of it. */
const HEAP_MIB = 192;
/** Answers make much garbage: less of it is kept, in the same time. */
const YOUNG_MIB = 3;

export interface PastQuestionsOptions {
  /** Of the segments. */
  readonly directory: string;
  readonly recorder: () => RecorderFacts;
  readonly bookmarks: BookmarkAccess;
  /** The rules in force, for a dry run. */
  readonly trial: () => TrialContext;
  /** Called with what limits did in a dry run. */
  readonly tried?: (limits: readonly TriedLimit[]) => void;
  /** Reads the files of `--geoip`; absent: there are none. Rejects with SetupError. */
  readonly places?: () => Promise<readonly PlaceFile[]>;
  /** Directory of the network tables, in the namespace of the watched interfaces. */
  readonly tables: () => string;
  /** Reports a fault of the thread, for the log. */
  readonly failed: (error: Error) => void;
  /** How long the thread lives without a question, and its code: for tests. */
  readonly idleMs?: number;
  readonly thread?: URL;
}

interface Pending {
  readonly verb: QuestionVerb;
  readonly caller: PastCaller;
  readonly settle: (answer: PastAnswer) => void;
}

export class PastQuestions implements PastAccess {
  readonly #options: PastQuestionsOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  /** The thread that has the files of `--geoip`. */
  #informed: Worker | undefined;
  #asked = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: PastQuestionsOptions) {
    this.#options = options;
  }

  /** Whether the thread runs. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  ask(verb: PastVerb, request: unknown, caller: PastCaller): Promise<PastAnswer> {
    if (verb === 'bookmark' || verb === 'unbookmark') return this.#change(verb, request, caller);
    if (verb === 'cancel') return Promise.resolve(this.#cancelFor(request, caller));
    return this.#question(verb, request, caller);
  }

  /** The files of `--geoip` are read again for the next question that needs them. */
  placesChanged(): void {
    this.#informed = undefined;
  }

  #cancelFor(request: unknown, { client }: PastCaller): PastAnswer {
    const parsed = pastRequestSchemas.cancel.safeParse(request);
    if (!parsed.success) return INVALID;
    const cancelled = this.#replace(parsed.data.question, client, CANCELLED);
    return { ok: true, json: JSON.stringify({ cancelled }) };
  }

  async #change(verb: 'bookmark' | 'unbookmark', request: unknown, { mayChange }: PastCaller): Promise<PastAnswer> {
    if (!mayChange) return FORBIDDEN;
    const { bookmarks, failed } = this.#options;
    const parsed = pastRequestSchemas[verb].safeParse(request);
    if (!parsed.success) return INVALID;
    try {
      const answer = await ('id' in parsed.data ? bookmarks.remove(parsed.data.id) : bookmarks.add(parsed.data));
      return answer.ok ? { ok: true, json: JSON.stringify(answer.value) } : answer;
    } catch (error) {
      failed(error as Error);
      return FAILED;
    }
  }

  #question(verb: QuestionVerb, request: unknown, caller: PastCaller): Promise<PastAnswer> {
    this.#replace(verb, caller.client, REPLACED);
    if (caller.gone.aborted) return Promise.resolve(REPLACED);
    if (this.#isFull(caller)) return Promise.resolve(TOO_MANY);
    clearTimeout(this.#idle);
    const id = ++this.#asked;
    return new Promise((resolve) => {
      const gone = () => this.#cancel(id, REPLACED);
      caller.gone.addEventListener('abort', gone, { once: true });
      const settle = (answer: PastAnswer) => {
        caller.gone.removeEventListener('abort', gone);
        this.#pending.delete(id);
        if (this.#pending.size === 0) this.#rest();
        resolve(answer);
      };
      this.#pending.set(id, { verb, caller, settle });
      const send = () => {
        try {
          this.#send({
            ...{ type: 'ask', id, verb, request },
            recorder: this.#options.recorder(),
            tables: this.#options.tables(),
            trial: verb === 'dry_run' ? this.#options.trial() : undefined,
          });
        } catch (error) {
          settle(this.#notSent(error, request));
        }
      };
      if (verb !== 'top' || !needsPlaces(request)) send();
      else void this.#sendPlaces().then(() => this.#pending.has(id) && send());
    });
  }

  /** A request can be nested too deeply to be copied; every other error is a fault of the loader. */
  #notSent(error: unknown, request: unknown): PastAnswer {
    if (!canBeCopied(request)) return INVALID;
    this.#options.failed(error instanceof Error ? error : new Error(String(error)));
    return INTERNAL;
  }

  /** Sends the files of `--geoip` to the thread, if it does not have them. Never rejects. */
  async #sendPlaces(): Promise<void> {
    const { places, failed } = this.#options;
    this.#worker ??= this.#start();
    const worker = this.#worker;
    if (places === undefined || this.#informed === worker) return;
    try {
      worker.postMessage({ type: 'places', files: await places() } satisfies ToPastThread);
      this.#informed = worker;
    } catch (error) {
      if (!(error instanceof SetupError)) failed(error as Error);
      worker.postMessage({ type: 'no-places', problem: (error as Error).message } satisfies ToPastThread);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#settleAll(ENDED);
    clearTimeout(this.#idle);
    await worker?.terminate();
  }

  #isFull({ mayChange }: PastCaller): boolean {
    const pending = [...this.#pending.values()];
    const readers = pending.filter(({ caller }) => !caller.mayChange).length;
    return pending.length >= MAX_PENDING || (!mayChange && readers >= MAX_FOR_READERS);
  }

  /** Cancels the client's question of this kind. Returns whether there was one. */
  #replace(verb: QuestionVerb, client: number, answer: PastAnswer): boolean {
    for (const [id, pending] of this.#pending) {
      if (pending.verb !== verb || pending.caller.client !== client) continue;
      this.#cancel(id, answer);
      return true;
    }
    return false;
  }

  #cancel(id: number, answer: PastAnswer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#worker?.postMessage({ type: 'cancel', id } satisfies ToPastThread);
    pending.settle(answer);
  }

  #send(message: ToPastThread): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const data: PastThreadData = { directory: this.#options.directory };
    const { thread = new URL('./past-thread.js', import.meta.url) } = this.#options;
    const worker = new Worker(fileURLToPath(thread), {
      workerData: data,
      name: 'past',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    // The thread alone must not keep the process alive.
    worker.unref();
    worker.on('message', ({ id, answer, problem, tried }: FromPastThread) => {
      if (tried !== undefined) this.#options.tried?.(tried);
      if (problem !== undefined) this.#options.failed(new Error(problem));
      this.#pending.get(id)?.settle(answer);
    });
    worker.on('error', (error) => {
      this.#options.failed(error instanceof Error ? error : new Error(String(error)));
      this.#ended(worker);
    });
    worker.on('exit', () => this.#ended(worker));
    return worker;
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#settleAll(FAILED);
  }

  #settleAll(answer: PastAnswer): void {
    for (const { settle } of [...this.#pending.values()]) settle(answer);
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), this.#options.idleMs ?? IDLE_MS).unref();
  }
}

function needsPlaces(request: unknown): boolean {
  const { group } = (request ?? {}) as { group?: unknown };
  return group === 'as' || group === 'country';
}

function canBeCopied(request: unknown): boolean {
  try {
    structuredClone(request);
    return true;
  } catch {
    return false;
  }
}
