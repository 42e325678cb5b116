/**
 * The core's view of the server: starts the server process, restarts it when it ends or freezes, and passes messages in
 * both directions. Nothing that the server does stops the capture.
 */
import { isIP } from 'node:net';
import type { Hello, Listener, Notice, RuleCounters, Summary } from '@packetlog/common';
import { fromPlain, type PlainError } from '../errors/setup-error.ts';
import type { DrainLedger, PipeEnds, ServerPipes } from '../ipc/messages.ts';
import type { RuleHits } from '../ipc/rule-counts.ts';
import type { RulesAccess } from '../ipc/rules-access.ts';
import type { FromServer, PlaceFile, ServerSettings, ToServer } from '../ipc/server-messages.ts';
import type { TlsPem } from '../ipc/tls-pem.ts';
import type { LineLimit } from '../line-limit.ts';
import { notStarted, ServerProcess } from './server-process.ts';
import { ServerRequests } from './server-requests.ts';

const CLOSE_MS = 5000;
/** Pause before a restart: doubles with each, and begins again after a server has lived for a minute. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
const LIVED_MS = 60_000;
/** Pass on more rows than a client's limit, so that the client's own limit decides. */
const HEADROOM = 1.25;

/** The drain thread, as far as the server needs it. */
export interface Reader {
  readonly ready: { readonly stride: number; readonly recordOffset: number };
  makePipes(): Promise<ServerPipes>;
  serverStarted(ends: PipeEnds): void;
  serverEnded(): void;
  want(by: 'server', perSecond: number): void;
  setHasClients(hasClients: boolean): void;
  setLowLatency(lowLatency: boolean): void;
}

export interface SupervisorOptions {
  /** Reads files and options again; `port` is the one that was opened first. */
  readonly settings: (port: number | undefined) => Promise<ServerSettings>;
  /** Descriptor of the slabs' memory, read-only. Stays open. */
  readonly slabs: number;
  readonly listeners: () => Promise<Listener[]>;
  readonly isHealthy: () => boolean;
  readonly notice: (notice: Notice) => void;
  /** Reports the GeoIP files in use, or why the new ones are not. */
  readonly places: (labels: readonly string[], problem: string | undefined) => void;
  readonly debug: (facts: object, message: string) => void;
  /** Limits log lines that the server can cause. */
  readonly lines: LineLimit;
}

/** What is needed once the program is attached. */
export interface Attached {
  readonly reader: Reader;
  readonly rules: RulesAccess;
  readonly hello: () => Hello;
}

export class SupervisedServer {
  port = 0;
  /** Where the metrics are served; `url`: of a separate address. */
  metrics: { readonly url?: string | undefined; readonly is_exposed: boolean } | undefined;
  restarts = 0;
  readonly #options: SupervisorOptions;
  #process: ServerProcess | undefined;
  #requests: ServerRequests | undefined;
  #attached: Attached | undefined;
  #clients = 0;
  #operators: readonly string[] = [];
  #pauseMs = FIRST_PAUSE_MS;
  #isClosing = false;
  /** Ends the wait of `start`. */
  #started: () => void = () => {};
  #adminDigest = '';
  #missedReports = 0;

  private constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /**
   * Starts the process and opens the port; clients are admitted once `start` was called. Takes over the server's ends
   * of the pipes. Throws SetupError.
   */
  static async open(options: SupervisorOptions, pipes: ServerPipes): Promise<SupervisedServer> {
    const server = new SupervisedServer(options);
    await server.#open(async () => pipes);
    return server;
  }

  /** Resolves when clients are admitted, or when the process has ended instead and is being restarted. */
  async start(attached: Attached): Promise<void> {
    this.#attached = attached;
    if (this.#process === undefined) void this.#restart();
    else await this.#start(attached);
  }

  get clients(): number {
    return this.#clients;
  }

  /** Addresses of the clients that may change rules. */
  operators(): readonly string[] {
    return this.#operators;
  }

  /** State for `packetlog status`. */
  status(): { pid: number | null; memory_bytes: number; restarts: number; missed_reports: number } {
    const process = this.#process;
    return {
      pid: process?.pid ?? null,
      memory_bytes: process?.memoryBytes() ?? 0,
      restarts: this.restarts,
      missed_reports: this.#missedReports + (process?.missedReports ?? 0),
    };
  }

  /** `number`: of the mark between the rows. */
  second(number: number, ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    const { server = ledger.queue, ...rest } = ledger;
    const forClients = { ...rest, queue: server };
    this.#process?.sendReport({ type: 'second', number, ledger: forClients, summary, clockOffsetNs });
  }

  ruleCounters(counters: RuleCounters, hits: readonly RuleHits[]): void {
    this.#process?.sendReport({ type: 'rule-counters', counters, hits });
  }

  rulesChanged(): void {
    this.#send({ type: 'rules-changed' });
  }

  notice(notice: Notice): void {
    this.#send({ type: 'notice', notice });
  }

  replacePlaces(places: readonly PlaceFile[]): void {
    this.#send({ type: 'places', places });
  }

  /** Replaces the certificate for new connections. */
  setTls(tls: TlsPem): void {
    this.#send({ type: 'tls', tls });
  }

  /** The server does not read its rows. */
  blocked(): void {
    this.#process?.kill('did not read its rows');
  }

  /** Lets clients take what waits for them, then ends the process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#requests?.end();
    this.#send({ type: 'close' });
    await this.#process?.endWithin(CLOSE_MS);
  }

  #send(message: ToServer): void {
    this.#process?.send(message);
  }

  async #open(makePipes: () => Promise<ServerPipes>): Promise<void> {
    const settings = await this.#options.settings(this.port === 0 ? undefined : this.port);
    const pipes = await makePipes();
    this.#adminDigest = settings.tokens.admin;
    await new Promise<void>((resolve, reject) => {
      const process: ServerProcess = new ServerProcess(pipes, this.#options.slabs, {
        message: (message) => {
          if (message.type === 'opened') {
            this.port = message.port;
            this.metrics = message.metrics;
            this.#process = process;
            if (message.place_labels.length > 0) this.#options.places(message.place_labels, undefined);
            resolve();
          } else if (message.type === 'failed') {
            reject(fromPlain(message.error as PlainError));
            process.kill('could not serve');
          } else this.#received(message);
        },
        wrote: (text) => this.#options.lines.warn({ text }, 'the server process wrote'),
        ended: (why) => {
          reject(notStarted(why));
          if (this.#process === process) this.#ended(process, why);
        },
      });
      process.send({ type: 'open', settings });
    });
  }

  async #start({ reader, rules, hello }: Attached): Promise<void> {
    this.#requests = new ServerRequests({
      rules,
      adminDigest: this.#adminDigest,
      listeners: this.#options.listeners,
      isHealthy: this.#options.isHealthy,
      answer: (request, value) => this.#send({ type: 'answer', request, value }),
      failed: (error) => this.#options.lines.failed(error, 'a request of the server failed'),
    });
    const { stride, recordOffset } = reader.ready;
    const started = new Promise<void>((resolve) => {
      this.#started = resolve;
    });
    this.#send({ type: 'start', hello: hello(), stride, recordOffset });
    await started;
  }

  #received(message: Exclude<FromServer, { type: 'opened' | 'failed' }>): void {
    const reader = this.#attached?.reader;
    switch (message.type) {
      case 'started':
        this.#started();
        return;
      case 'request':
        this.#requests?.handle(message.request, message.what);
        return;
      case 'cancel':
        this.#requests?.cancel(message.request);
        return;
      case 'rows-wanted':
        reader?.want('server', (message.per_second ?? Number.POSITIVE_INFINITY) * HEADROOM);
        return;
      case 'has-clients':
        reader?.setHasClients(message.has_clients);
        return;
      case 'low-latency':
        reader?.setLowLatency(message.low_latency);
        return;
      case 'clients':
        this.#clients = message.clients;
        this.#operators = message.operators.filter((address) => isIP(address) !== 0);
        return;
      case 'places':
        this.#options.places(message.labels, message.problem);
        return;
      case 'log':
        this.#log(message);
    }
  }

  #log({ level, facts, message }: Extract<FromServer, { type: 'log' }>): void {
    const { lines, debug } = this.#options;
    if (level === 'debug') debug(facts, message);
    else if (level === 'warn') lines.warn(facts, message);
    else lines.failed(Object.assign(new Error(message), { stack: String(facts['err']) }), message);
  }

  #ended(process: ServerProcess, why: string): void {
    this.#process = undefined;
    this.#started();
    this.#requests?.end();
    this.#missedReports += process.missedReports;
    this.#clients = 0;
    this.#operators = [];
    if (this.#isClosing || this.#attached === undefined) return;
    this.#attached.reader.serverEnded();
    const message = `The server process ${why}. It is restarted; capture and rules are not affected. Clients reconnect, and the history begins again.`;
    this.#options.notice({ at_ms: Date.now(), level: 'error', code: 'server_restarted', message });
    void this.#restart();
  }

  async #restart(): Promise<void> {
    const attached = this.#attached;
    if (attached === undefined) return;
    while (!this.#isClosing) {
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs).unref());
      this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
      if (this.#isClosing) return;
      this.restarts++;
      try {
        await this.#open(async () => {
          const { marks, released } = await attached.reader.makePipes();
          attached.reader.serverStarted({ marks: marks.write, released: released.read });
          return { marks, released };
        });
        await this.#start(attached);
        setTimeout(() => {
          this.#pauseMs = FIRST_PAUSE_MS;
        }, LIVED_MS).unref();
        return;
      } catch (error) {
        attached.reader.serverEnded();
        this.#options.lines.failed(error, 'the server process could not be restarted');
      }
    }
  }
}
