/**
 * Parses lists and compiles rules: small jobs in this thread, large ones in a separate thread, so that they block
 * nothing else.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { addressListLength } from '../../lists/address-list.ts';
import { isGzip } from '../../lists/formats/decode.ts';
import type { ParsedAddressList } from '../../lists/parse-address-list.ts';
import { RulesCompileError } from '../compile-error.ts';
import { type CompiledImage, type CompileJob, compileJob, type Job, parseJob, type Result } from './jobs.ts';

/** This many networks compile in well under 50 ms. */
const HERE_NETWORKS = 5000;
/** This many bytes of a valid list are parsed in less than 10 ms. */
const HERE_BYTES = 200_000;
const NOTHING_HERE = -1;
/** An idle thread costs only memory; it ends after this time. */
const IDLE_MS = 10_000;

interface Waiting {
  done: (result: Result) => void;
  fail: (error: Error) => void;
}

export class Compiler {
  readonly #thread: URL;
  readonly #hereNetworks: number;
  readonly #hereBytes: number;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #jobs = 0;
  #idle: NodeJS.Timeout | undefined;

  /** `apart`: runs every job in the thread, however small. `thread`: its code, for tests. */
  constructor(thread = new URL('./compile-thread.js', import.meta.url), { apart = false } = {}) {
    this.#thread = thread;
    this.#hereNetworks = apart ? NOTHING_HERE : HERE_NETWORKS;
    this.#hereBytes = apart ? NOTHING_HERE : HERE_BYTES;
  }

  /** Creates a compiler for requests of any client that can read: they take time only from a separate thread. */
  static apart(): Compiler {
    return new Compiler(undefined, { apart: true });
  }

  /** `text` should be in shared memory. */
  async parse(text: Uint8Array): Promise<ParsedAddressList> {
    if (text.length <= this.#hereBytes && !isGzip(text)) return parseJob(text);
    const result = await this.#there({ kind: 'parse', text });
    if (result.kind !== 'parsed') throw new Error('not an answer to parse');
    return result.parsed;
  }

  /** Throws RulesCompileError. */
  async compile(job: CompileJob): Promise<CompiledImage> {
    let networks = job.rules.length;
    for (const list of job.sets.values()) networks += addressListLength(list);
    if (networks <= this.#hereNetworks) return compileJob(job);
    const result = await this.#there({ kind: 'compile', job });
    if (result.kind === 'rejected') throw new RulesCompileError(result.code, result.message, result.limit);
    if (result.kind !== 'compiled') throw new Error('not an answer to compile');
    return result.compiled;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail(new Error('the compiler was closed'));
    await worker?.terminate();
  }

  #there(job: Job): Promise<Result> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const number = ++this.#jobs;
    this.#worker.postMessage({ number, job });
    return new Promise((done, fail) => this.#waiting.set(number, { done, fail }));
  }

  #start(): Worker {
    const worker = new Worker(fileURLToPath(this.#thread), { name: 'rules' });
    // The thread alone must not keep the process alive.
    worker.unref();
    worker.on('message', ({ number, result }: { number: number; result: Result }) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (this.#waiting.size === 0) this.#rest();
      waiting?.done(result);
    });
    worker.on('error', (error) => this.#ended(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => this.#ended(worker, new Error('the thread that compiles rules ended')));
    return worker;
  }

  #ended(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fail(error);
  }

  #fail(error: Error): void {
    for (const { fail } of this.#waiting.values()) fail(error);
    this.#waiting.clear();
  }

  #rest(): void {
    this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
  }
}
