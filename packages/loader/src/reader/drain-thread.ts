/** The main thread's handle on the drain thread. */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
// Load ffi-rs here too, without calling it: an addon that only a worker holds is unmapped when the worker ends, and the
// C library then calls its thread-local destructor at an unmapped address (SIGSEGV).
import '../native/ffi.ts';
import { fromPlain } from '../errors/setup-error.ts';
import type { WatchedAttempts } from '../ipc/evidence/attempt-evidence.ts';
import type {
  CompileTarget,
  DrainOptions,
  FromDrain,
  PassTo,
  PipeEnds,
  ServerPipes,
  ToDrain,
} from '../ipc/messages.ts';
import type { RuleCount } from '../ipc/rule-counts.ts';
import { RulePublisher } from '../ipc/rule-publisher.ts';
import { makeSlabMemory, Slabs } from '../ipc/slabs.ts';
import { PinControl } from './pin-control.ts';
import { PipeMaker } from './rows/pipe-maker.ts';

/** 64 MiB of shared memory, touched only when the serving thread falls behind. */
const SLABS = 256;

export type Ready = Extract<FromDrain, { type: 'ready' }>;

/** `pinned`: directory of the pins when program and maps stay in the kernel. */
export type Stopped = Pick<Extract<FromDrain, { type: 'stopped' }>, 'ledger' | 'pinned'>;

export interface DrainEvents {
  /**
   * `bytes` begins with `count` records at the ring's stride. The drain thread reuses it after the callback returns.
   */
  rows: (bytes: Uint8Array, count: number, skipped: number) => void;
  second: (message: Extract<FromDrain, { type: 'second' }>) => void;
  /** The server process does not read its rows. */
  serverBlocked?: () => void;
  notice: (message: Extract<FromDrain, { type: 'notice' }>) => void;
  /** Counts of the rules that decided a packet since the last call. Called once a second and at the end. */
  ruleCounts?: (counts: RuleCount[]) => void;
  /**
   * Called when the program is loaded but not attached yet: rules published before this resolves are in force from the
   * first packet on. If it rejects, nothing is attached and `start` rejects with the same error.
   */
  loaded?: (target: CompileTarget, rules: RulePublisher) => Promise<void>;
  /** Sources that limits with a ban have found over, new or with more connections. */
  offenders?: (message: Extract<FromDrain, { type: 'offenders' }>) => void;
  /** The thread failed; the interfaces are detached when the process ends. */
  failed: (error: Error) => void;
}

export class DrainThread {
  readonly ready: Ready;
  readonly rules: RulePublisher;
  readonly pins: PinControl;
  readonly #pipes: PipeMaker;
  readonly #worker: Worker;
  readonly #send: (message: ToDrain) => void;
  readonly #stopped: Promise<Stopped>;
  #stopping: Promise<Stopped> | undefined;

  private constructor(
    ready: Ready,
    rules: RulePublisher,
    pins: PinControl,
    pipes: PipeMaker,
    worker: Worker,
    send: (message: ToDrain) => void,
    stopped: Promise<Stopped>,
  ) {
    this.ready = ready;
    this.rules = rules;
    this.pins = pins;
    this.#pipes = pipes;
    this.#worker = worker;
    this.#send = send;
    this.#stopped = stopped;
  }

  /** Resolves when the program is attached; rejects with a SetupError. */
  static start(options: Omit<DrainOptions, 'slabs' | 'signal'>, events: DrainEvents): Promise<DrainThread> {
    const memory = makeSlabMemory(SLABS);
    const slabs = new Slabs(memory);
    const signal = new SharedArrayBuffer(4);
    const signalled = new Int32Array(signal);
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(fileURLToPath(new URL('./thread.js', import.meta.url)), {
      workerData: { options: { ...options, slabs: memory, signal }, port: port2 },
      transferList: [port2, ...(options.recorder === undefined ? [] : [options.recorder.port])],
      name: 'drain',
    });
    return new Promise((resolve, reject) => {
      let end: (stopped: Stopped) => void;
      const stopped = new Promise<Stopped>((done) => {
        end = done;
      });
      let wake: number | undefined;
      let ended = false;
      const send = (message: ToDrain) => {
        port1.postMessage(message);
        if (wake !== undefined) writeSync(wake, new Uint8Array(new BigUint64Array([1n]).buffer));
        // The thread waits on the eventfd while it sleeps, and on this word while it naps.
        Atomics.store(signalled, 0, 1);
        Atomics.notify(signalled, 0);
      };
      let isReady = false;
      const rules = new RulePublisher(send);
      const pins = new PinControl(send);
      const pipes = new PipeMaker(send);
      const fail = (error: Error) => {
        rules.fail(error);
        pins.fail(error);
        pipes.fail(error);
        if (isReady) events.failed(error);
        else reject(error);
      };
      const prepare = async (target: CompileTarget) => {
        try {
          await events.loaded?.(target, rules);
          send({ type: 'attach' });
        } catch (error) {
          reject(error);
          send({ type: 'stop' });
        }
      };
      worker.on('error', fail);
      worker.on('exit', () => {
        if (!ended) fail(new Error('the drain thread ended unexpectedly'));
      });
      worker.on('message', (message: FromDrain) => {
        switch (message.type) {
          case 'loaded':
            wake = message.wake;
            void prepare(message.target);
            return;
          case 'ready':
            isReady = true;
            resolve(new DrainThread(message, rules, pins, pipes, worker, send, stopped));
            return;
          case 'rules':
          case 'rule-counts':
          case 'in-force':
          case 'limit-state':
            rules.answered(message);
            return;
          case 'offenders':
            events.offenders?.(message);
            return;
          case 'pinned':
            pins.answered(message);
            return;
          case 'failed':
            ended = true;
            fail(fromPlain(message.error));
            return;
          case 'rows': {
            events.rows(slabs.bytes(message.slab), message.count, message.skipped);
            slabs.release(message.slab);
            return;
          }
          case 'skipped':
            events.rows(new Uint8Array(0), 0, message.skipped);
            return;
          case 'server-blocked':
            events.serverBlocked?.();
            return;
          case 'pipes':
            pipes.answered(message);
            return;
          case 'second':
            // Deliver the rule counts first: they are part of the second.
            events.ruleCounts?.(message.ruleCounts);
            events.second(message);
            return;
          case 'notice':
            events.notice(message);
            return;
          case 'stopped':
            ended = true;
            events.ruleCounts?.(message.ruleCounts);
            rules.fail(new Error('the loader is ending'));
            pins.fail(new Error('the loader is ending'));
            pipes.fail(new Error('the loader is ending'));
            end(message);
        }
      });
    });
  }

  /** Sets the number of rows per second that this thread, or the server, can use; Infinity for all. */
  want(by: 'core' | 'server', perSecond: number): void {
    this.#send({ type: 'rows-wanted', by, perSecond });
  }

  /**
   * Creates pipes for a server process, and passes its ends if `passTo` is a socket. Rejects if that fails, or if the
   * thread has ended.
   */
  makePipes(passTo: PassTo): Promise<ServerPipes> {
    return this.#pipes.make(passTo);
  }

  serverStarted(pipes: PipeEnds): void {
    this.#send({ type: 'server-started', pipes });
  }

  serverEnded(): void {
    this.#send({ type: 'server-ended' });
  }

  /** Sets whether a client of the server reads the reports of each second. */
  setHasClients(hasClients: boolean): void {
    this.#send({ type: 'has-clients', by: 'server', hasClients });
  }

  /** Sets whether the core needs the reports of each second, also while no packets arrive. */
  wantReports(isWanted: boolean): void {
    this.#send({ type: 'has-clients', by: 'core', hasClients: isWanted });
  }

  /** Follows attempts to connect for these limits, which ban. */
  watchAttempts(limits: readonly WatchedAttempts[]): void {
    this.#send({ type: 'attempts', limits });
  }

  /** Sets whether new sources are counted, for alerts. */
  wantNewSources(isWanted: boolean): void {
    this.#send({ type: 'new-sources-wanted', isWanted });
  }

  /** Tells the service manager that clients and commands are admitted; `status` is one line for people. */
  serving(status: string): void {
    this.#send({ type: 'serving', status });
  }

  /** Sets whether a client takes rows as they arrive. */
  setLowLatency(lowLatency: boolean): void {
    this.#send({ type: 'low-latency', lowLatency });
  }

  /**
   * Detaches unless program and maps are pinned, empties the rings, and resolves with the last ledger after every row
   * was delivered. Repeated calls return the same promise.
   */
  stop(): Promise<Stopped> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<Stopped> {
    this.#send({ type: 'stop' });
    const stopped = await this.#stopped;
    await this.#worker.terminate();
    return stopped;
  }
}
