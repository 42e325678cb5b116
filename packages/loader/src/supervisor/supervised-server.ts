/**
 * The core's view of the server: starts the server process, restarts it when it ends or freezes, and passes messages in
 * both directions. Nothing that the server does stops the capture.
 */
import { isIP } from 'node:net';
import type { Bans, Decision, Findings, Notice, RuleCounters, Summary } from '@packetlog/common';
import { fromPlain, type PlainError } from '../errors/setup-error.ts';
import type { DeliveryResult, OutgoingRequest } from '../ipc/alerts/outgoing-request.ts';
import type { FleetState } from '../ipc/fleet/fleet-access.ts';
import type { LoaderStatus } from '../ipc/loader-status.ts';
import type { DrainLedger, ServerPipes } from '../ipc/messages.ts';
import type { RuleHits } from '../ipc/rule-counts.ts';
import type { FromServer, PlaceFile, ServerSettings, ToServer } from '../ipc/server-messages.ts';
import type { TlsPem } from '../ipc/tls-pem.ts';
import type { TokenDigests } from '../ipc/token-digest.ts';
import { Deliveries } from './deliveries.ts';
import { FileUpdates } from './file-updates.ts';
import type { PipeSource } from './launcher.ts';
import { RestartPause } from './restart-pause.ts';
import { changeReader, pipesOf, writeLine } from './server-effects.ts';
import { endNotice, notStarted } from './server-end.ts';
import { ServerRequests } from './server-requests.ts';
import type { RunMessage, ServerRun } from './server-run.ts';
import type { Attached, SupervisorOptions } from './supervisor-options.ts';

const CLOSE_MS = 5000;

export class SupervisedServer {
  port: number;
  /** Where the metrics are served; `url`: of a separate address. */
  metrics: { readonly url?: string | undefined; readonly is_exposed: boolean } | undefined;
  restarts = 0;
  readonly #options: SupervisorOptions;
  #run: ServerRun | undefined;
  /** A server that has not opened the port yet. */
  #starting: ServerRun | undefined;
  #requests: ServerRequests | undefined;
  #attached: Attached | undefined;
  #clients = 0;
  #operators: readonly string[] = [];
  readonly #pause = new RestartPause();
  #isClosing = false;
  readonly #files = new FileUpdates();
  readonly #deliveries = new Deliveries((message) => this.#send(message));
  /** Ends the wait of `start`. */
  #started: () => void = () => {};
  #adminDigest = '';
  #missedReports = 0;
  #findings: Findings | undefined;
  #bans: Bans | undefined;

  /** `port`: the requested one. */
  private constructor(options: SupervisorOptions, port: number) {
    this.#options = options;
    this.port = port;
  }

  /**
   * Starts a child and opens the port; clients are admitted once `start` was called. Takes over the server's ends of
   * the pipes. Throws SetupError.
   */
  static async open(options: SupervisorOptions, port: number, pipes: ServerPipes): Promise<SupervisedServer> {
    const server = new SupervisedServer(options, port);
    await server.#open({ makePipes: async () => pipes });
    return server;
  }

  /** Waits for servers that the service manager starts. Opens nothing before `start`. */
  static await(options: SupervisorOptions, port: number): SupervisedServer {
    return new SupervisedServer(options, port);
  }

  /** Resolves when clients are admitted, or when the process has ended instead and is being restarted. */
  async start(attached: Attached): Promise<void> {
    this.#attached = attached;
    const run = this.#run;
    if (run === undefined) void this.#serveAgain(attached, 0);
    else await this.#start(attached, run);
  }

  get clients(): number {
    return this.#clients;
  }

  /** Addresses of the clients that may change rules. */
  operators(): readonly string[] {
    return this.#operators;
  }

  /** State for `packetlog status`. */
  status(): NonNullable<LoaderStatus['server']> {
    const run = this.#run;
    return {
      is_running: run !== undefined,
      pid: run?.pid ?? null,
      memory_bytes: run?.memoryBytes() ?? 0,
      restarts: this.restarts,
      missed_reports: this.#missedReports + (run?.missedReports ?? 0),
    };
  }

  /** `number`: of the mark between the rows. */
  second(number: number, ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    const { server = ledger.queue, ...rest } = ledger;
    const forClients = { ...rest, queue: server };
    this.#run?.sendReport({ type: 'second', number, ledger: forClients, summary, clockOffsetNs });
  }

  findings(findings: Findings): void {
    this.#findings = findings;
    this.#run?.sendReport({ type: 'findings', findings });
  }

  bans(bans: Bans): void {
    this.#bans = bans;
    this.#run?.sendReport({ type: 'bans', bans });
  }

  decision(decision: Decision): void {
    this.#run?.sendReport({ type: 'decision', decision });
  }

  ruleCounters(counters: RuleCounters, hits: readonly RuleHits[]): void {
    this.#run?.sendReport({ type: 'rule-counters', counters, hits });
  }

  rulesChanged(): void {
    this.#send({ type: 'rules-changed' });
  }

  /** Without a server this has no effect: the next one asks for the state. */
  fleetChanged(fleet: FleetState): void {
    this.#send({ type: 'fleet', fleet });
  }

  notice(notice: Notice): void {
    this.#send({ type: 'notice', notice });
  }

  /** Whether a server can send requests now. */
  get canDeliver(): boolean {
    return this.#run !== undefined;
  }

  /** Lets the server send a request. Resolves without a status if there is no server, or if it ends before the answer. */
  deliver(request: OutgoingRequest): Promise<DeliveryResult> {
    return this.#deliveries.deliver(request, this.canDeliver);
  }

  /** Without a server this has no effect: the next one reads the files. */
  replacePlaces(places: readonly PlaceFile[]): void {
    this.#files.places(this.#run, places);
  }

  /** Replaces the certificate for new connections. */
  setTls(tls: TlsPem): void {
    this.#files.tls(this.#run, tls);
  }

  /** Replaces the tokens: clients with earlier ones are disconnected, and can change no rules. */
  setTokens(tokens: TokenDigests): void {
    this.#adminDigest = tokens.admin;
    this.#files.tokens(this.#run, tokens);
  }

  /** The server does not read its rows. */
  blocked(): void {
    this.#run?.kill('did not read its rows');
  }

  /** Lets clients take what waits for them, then ends the process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#requests?.end();
    this.#send({ type: 'close' });
    this.#starting?.kill('was not needed any more');
    await Promise.all([this.#run?.endWithin(CLOSE_MS), this.#starting?.ended]);
    this.#options.launcher.close();
  }

  #send(message: ToServer): void {
    this.#run?.send(message);
  }

  /** Starts or awaits a server; returns it once it has opened the port. Throws if it ends before. */
  async #open(pipes: PipeSource): Promise<ServerRun> {
    this.#files.starting();
    let settings: ServerSettings | undefined = await this.#options.settings(this.port);
    this.#adminDigest = settings.tokens.admin;
    let opened: () => void = () => {};
    let failed: (error: Error) => void = () => {};
    const outcome = new Promise<void>((resolve, reject) => {
      opened = resolve;
      failed = reject;
    });
    const run: ServerRun = await this.#options.launcher.launch(pipes, {
      message: (message) => {
        if (message.type === 'opened') {
          if (this.#starting !== run) return;
          this.#hasOpened(run, message);
          opened();
        } else if (message.type === 'failed') {
          failed(fromPlain(message.error as PlainError));
          run.kill('could not serve');
        } else if (this.#run === run) this.#received(message);
        else if (message.type === 'log') writeLine(message, this.#options);
      },
      wrote: (text) => this.#options.lines.warn({ text }, 'the server process wrote'),
      ended: (why) => {
        if (this.#starting === run) this.#starting = undefined;
        failed(notStarted(why));
        if (this.#run === run) this.#ended(run, why);
      },
    });
    this.#starting = run;
    if (this.#isClosing) run.kill('was not needed any more');
    run.send({ type: 'open', settings });
    // The functions above live as long as the run, and would keep every file of the dashboard with it.
    settings = undefined;
    await outcome;
    return run;
  }

  /** A server may name its port only where any port was requested: the core prints it in URLs. */
  #hasOpened(run: ServerRun, { port, metrics, place_labels }: Extract<FromServer, { type: 'opened' }>): void {
    if (this.port === 0) this.port = port;
    this.metrics = metrics;
    this.#starting = undefined;
    this.#run = run;
    const getsPlaces = this.#files.opened(run);
    if (!getsPlaces && place_labels.length > 0) this.#options.places(place_labels, undefined);
  }

  async #start({ reader, rules, bans, past, fleet, hello }: Attached, run: ServerRun): Promise<void> {
    // It has ended meanwhile, and another one is being started.
    if (this.#run !== run) return;
    this.#requests = new ServerRequests({
      rules,
      bans,
      past,
      fleet,
      adminDigest: () => this.#adminDigest,
      listeners: this.#options.listeners,
      isHealthy: this.#options.isHealthy,
      answer: (request, value) => run.send({ type: 'answer', request, value }),
      failed: (error) => this.#options.lines.failed(error, 'a request of the server failed'),
    });
    const { stride, recordOffset } = reader.ready;
    const started = new Promise<void>((resolve) => {
      this.#started = resolve;
    });
    this.#pause.serves();
    if (fleet !== undefined) run.send({ type: 'fleet', fleet: fleet.state() });
    run.send({ type: 'start', hello: hello(), stride, recordOffset });
    if (this.#findings !== undefined) run.send({ type: 'findings', findings: this.#findings });
    if (this.#bans !== undefined) run.send({ type: 'bans', bans: this.#bans });
    await started;
  }

  #received(message: Exclude<RunMessage, { type: 'opened' | 'failed' }>): void {
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
      case 'clients':
        this.#clients = message.clients;
        this.#operators = message.operators.filter((address) => isIP(address) !== 0);
        return;
      case 'hubs':
        this.#attached?.fleet?.exchanged(message.hubs);
        return;
      case 'places':
        // Each is a line in the log: a server must not make up any.
        if (this.#files.isAnswer()) this.#options.places(message.labels, message.problem);
        return;
      case 'delivered':
        this.#deliveries.delivered(message.delivery, message.result);
        return;
      case 'log':
        writeLine(message, this.#options);
        return;
      default:
        if (reader !== undefined) changeReader(message, reader);
    }
  }

  /** `why`: undefined if the service manager stopped it. */
  #ended(run: ServerRun, why: string | undefined): void {
    this.#run = undefined;
    this.#pause.ended();
    this.#started();
    this.#requests?.end();
    this.#deliveries.end();
    this.#missedReports += run.missedReports;
    this.#clients = 0;
    this.#operators = [];
    const attached = this.#attached;
    if (this.#isClosing || attached === undefined) return;
    attached.reader.serverEnded();
    attached.fleet?.exchanged([]);
    this.#options.notice(endNotice(why, this.#options.launcher.isChild));
    void this.#serveAgain(attached, 1);
  }

  /** Starts or awaits servers until one serves. `ended`: the number of servers before the first of them, 0 or 1. */
  async #serveAgain(attached: Attached, ended: 0 | 1): Promise<void> {
    const { launcher, lines } = this.#options;
    const { reader } = attached;
    const pipes = pipesOf(reader);
    this.restarts += ended;
    // A service manager has paused already, but a server that connects by itself again and again has not.
    let isFirst = ended === 0 && !launcher.isChild;
    while (!this.#isClosing) {
      if (!isFirst) await this.#pause.wait();
      isFirst = false;
      if (this.#isClosing) return;
      try {
        await this.#start(attached, await this.#open(pipes));
        return;
      } catch (error) {
        if (this.#isClosing) return;
        reader.serverEnded();
        lines.failed(error, 'the server process could not serve');
        this.restarts++;
      }
    }
  }
}
