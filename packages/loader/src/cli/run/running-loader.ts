/** Connects the parts of a running loader: drain thread, rules, server, records. */
import type { Findings, Hello, Notice } from '@packetlog/common';
import type { Logger } from 'pino';
import { Alerts } from '../../alerts/alerts.ts';
import { BansRuntime } from '../../bans/bans-runtime.ts';
import { logDecision } from '../../bans/decision-line.ts';
import { readPlaceFiles } from '../../enrichment/place-files.ts';
import { socketOwners } from '../../enrichment/socket-owners.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import { fromPlain } from '../../errors/setup-error.ts';
import { NodeGenerations } from '../../fleet/generations/node-generations.ts';
import { NodeFleet } from '../../fleet/node-fleet.ts';
import { Shipper } from '../../fleet/ship/shipper.ts';
import { clockOf } from '../../ipc/clock-policy.ts';
import { processesHelper } from '../../ipc/helpers/processes-helper.ts';
import { LineLimit } from '../../line-limit.ts';
import { PastQuestions } from '../../past/past-questions.ts';
import { type DrainEvents, DrainThread, type Stopped } from '../../reader/drain-thread.ts';
import type { Recorder } from '../../recorder/recorder.ts';
import { RulesRuntime } from '../../rules/rules-runtime.ts';
import { prepareStateDirectory } from '../../rules/store/state-directory.ts';
import { lockStateDirectory } from '../../rules/store/state-lock.ts';
import { endStay, isStayRequested } from '../../rules/store/stay-request.ts';
import { removeUnfinished } from '../../rules/store/unfinished-files.ts';
import { networkNamespaceId } from '../../system/network-namespace.ts';
import { memoryProblems, ringBytesFor } from '../../transports/ring-memory.ts';
import { filterWarnings } from '../options/filter-option.ts';
import type { HubOptions } from '../options/hub-options.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { leaveWith } from '../process/leave.ts';
import type { RecordOutput } from '../process/record-output.ts';
import type { Stop } from '../process/stop.ts';
import { drainOptions, watchedNamespace } from './drain-options.ts';
import { FindingLines } from './finding-lines.ts';
import { greet, watchingText } from './greeting.ts';
import { problemsOf } from './health.ts';
import { storeInterfaces } from './last-interfaces.ts';
import { DescribedLoader } from './loader-description.ts';
import { openRecorder, recordDirectoryOf } from './open-recorder.ts';
import { PinnedFarewell } from './pinned-farewell.ts';
import { RecordSink } from './record-sink.ts';
import { RunningServer } from './served-loader.ts';
import { session } from './session.ts';

export interface LoaderHost {
  readonly log: Logger;
  readonly stop: Stop;
  /** Receives the records in place of `--print`. */
  readonly output: RecordOutput | undefined;
}

export class RunningLoader {
  readonly records: RecordSink;
  readonly staying: PinnedFarewell;
  readonly #options: RunOptions;
  readonly #log: Logger;
  readonly #ringBytes: number;
  readonly #server: RunningServer | undefined;
  readonly #lines: LineLimit;
  readonly #findingLines: FindingLines;
  readonly #description: DescribedLoader;
  readonly #rules: RulesRuntime;
  readonly #alerts: Alerts;
  readonly #bans: BansRuntime;
  readonly #fleet: NodeFleet | undefined;
  #shipper: Shipper | undefined;
  readonly #session = session();
  readonly #unlock: () => void;
  readonly #rowsWanted = { dryRuns: false, alerts: false };
  #thread: DrainThread | undefined;
  #recorder: Recorder | undefined;
  #past: PastQuestions | undefined;

  private constructor(
    options: RunOptions,
    log: Logger,
    parts: {
      unlock: () => void;
      records: RecordSink;
      ringBytes: number;
      server: RunningServer | undefined;
      lines: LineLimit;
    },
  ) {
    this.#options = options;
    this.#log = log;
    this.#unlock = parts.unlock;
    this.records = parts.records;
    this.#ringBytes = parts.ringBytes;
    this.#server = parts.server;
    this.#lines = parts.lines;
    this.#findingLines = new FindingLines(log);
    this.staying = new PinnedFarewell(options.bpfFs, this.notice);
    this.#description = new DescribedLoader({
      networkNamespace: networkNamespaceId(watchedNamespace(options)),
      recordDirectory: options.record?.directory,
      ringBytes: parts.ringBytes,
      server: parts.server,
      attached: () => this.#running.ready.interfaces,
      rules: () => this.#rules.state(),
      past: () => this.#past,
      ship: () => this.#shipper?.ledger(),
      alerts: () => this.#alerts,
      bans: () => this.#bans.api,
      hubs: () => this.#fleet?.status(),
      fleetRules: () => this.#fleet?.state().rules,
    });
    this.#bans = this.#makeBans();
    this.#rules = this.#makeRules();
    this.#alerts = this.#makeAlerts();
    this.#fleet = options.fleet && this.#makeFleet(options.fleet);
  }

  /**
   * Locks the state directory, and opens the files and the port; attaches nothing yet. Resolves with undefined if the
   * end was requested while another process held the lock. Throws SetupError.
   */
  static async open(options: RunOptions, { log, stop, output }: LoaderHost): Promise<RunningLoader | undefined> {
    // Report a missing namespace before any other error.
    networkNamespaceId(watchedNamespace(options));
    const ringBytes = ringBytesFor(options.ringSize);
    const problems = [...prepareStateDirectory(options.state), ...memoryProblems(ringBytes)];
    const unlock = await lockStateDirectory(options.state.directory, {
      stop: stop.requested,
      notice: (message) => log.warn(message),
    });
    if (unlock === undefined) return undefined;
    removeUnfinished(options.state);
    let loader: RunningLoader | undefined;
    const notice = (each: Notice) => loader?.notice(each);
    const records = new RecordSink({ ...options, output, stop, notice });
    const lines = new LineLimit(log);
    const isHealthy = () => loader?.isHealthy ?? false;
    const server = await RunningServer.open(options, log, lines, { isHealthy, notice });
    endStay(options.state);
    loader = new RunningLoader(options, log, { unlock, records, ringBytes, server, lines });
    if (options.keepsRoot !== undefined) log.warn(`The core keeps root's rights: ${options.keepsRoot}.`);
    for (const message of problems) {
      loader.notice({ at_ms: Date.now(), level: 'warning', code: 'rules_fallback', message });
    }
    return loader;
  }

  /** Puts the stored rules in force and attaches; records flow when this resolves. Throws SetupError. */
  async attach(): Promise<void> {
    const { record, state } = this.#options;
    this.#recorder = record && openRecorder(record, state.directory, this.#session, this.notice, this.#log);
    this.#past = this.#recorder && this.#openPast(this.#recorder);
    try {
      this.#thread = await DrainThread.start(
        {
          ...drainOptions(this.#options, this.#ringBytes, this.records.wantsRows, this.#server?.forReader),
          recorder: this.#recorder?.channel,
        },
        this.#drainEvents(),
      );
    } catch (error) {
      await this.#recorder?.abandon();
      await this.#rules.close(Date.now());
      await this.#server?.process.close();
      this.#unlock();
      throw error;
    }
    this.#fleet?.begin();
    this.#shipper = this.#fleet && this.#recorder && this.#openShipper(this.#fleet, this.#recorder);
    this.#recorder?.learn(this.#running.ready.interfaces);
    this.#recorder?.rules(this.#rules.snapshot().rules);
    leaveWith(() => this.#running.stop());
    if (this.#options.waitForInterfaces) storeInterfaces(this.#options.state.directory, this.#running.ready.interfaces);
    this.records.start(this.#running.ready);
  }

  /** Starts to serve clients and the other commands of this machine. */
  async serve(): Promise<void> {
    const thread = this.#running;
    await this.#rules.pinBy(async (on) => this.staying.promised(await thread.pins.set(on)));
    await this.#server?.process.start({
      reader: thread,
      rules: this.#rules.rulesApi,
      bans: this.#bans.api,
      past: this.#past,
      fleet: this.#fleet,
      hello: () => this.#hello(),
    });
    this.#alerts.start();
    this.#bans.start();
    await this.#rules.serve();
    thread.serving(watchingText(thread.ready.interfaces));
  }

  greet(): void {
    const { filter } = this.#options;
    greet(this.#running.ready, this.#server, filter ? filterWarnings(filter, this.records.names) : []);
  }

  /** Whether it is attached and does what was requested. */
  get isHealthy(): boolean {
    return this.#thread !== undefined && problemsOf(this.#description.health()).length === 0;
  }

  /** Reads the rules, the GeoIP files and the TLS files again, and opens the log of denied packets again. */
  reload(): void {
    void this.#rules.reload();
    this.records.reopen();
    this.#past?.placesChanged();
    this.#server?.reload(this.notice).catch((error: unknown) => {
      this.#log.error({ err: error }, 'the files of the server could not be read again; those in use stay');
    });
  }

  /** Ends the parts in the reverse order of their start. */
  async close(): Promise<Stopped> {
    this.#server?.process.notice({
      at_ms: Date.now(),
      level: 'info',
      code: 'shutting_down',
      message: 'The loader is shutting down.',
    });
    await this.#alerts.close();
    await this.#past?.close();
    await this.#shipper?.close();
    await this.#bans.close();
    await this.#rules.close(Date.now());
    if (isStayRequested(this.#options.state)) await this.#running.pins.set(true);
    const stopped = await this.#stopDraining();
    this.#rules.finish();
    // Only now are the files that the next loader reads complete.
    this.#unlock();
    await this.records.finish(stopped.ledger, stopped.pinned !== undefined);
    await this.#server?.process.close();
    this.#lines.flush();
    return stopped;
  }

  async #stopDraining(): Promise<Stopped> {
    const stopped = await this.#running.stop();
    const { recorder } = stopped.ledger;
    if (this.#recorder === undefined || recorder === undefined) return stopped;
    return { ...stopped, ledger: { ...stopped.ledger, recorder: await this.#recorder.finish(recorder) } };
  }

  get #running(): DrainThread {
    if (this.#thread === undefined) throw new Error('the drain thread has not started');
    return this.#thread;
  }

  readonly notice = (notice: Notice): void => {
    const { level, message, at_ms: _, ...fields } = notice;
    this.#log[level === 'warning' ? 'warn' : level](fields, message);
    this.#description.notice(notice);
    this.#server?.process.notice(notice);
  };

  #found(findings: Findings): void {
    this.#findingLines.update(findings);
    this.#description.findings(findings);
    this.#server?.process.findings(findings);
  }

  /** Requests all rows for dry runs or alerts, or no longer. Where records are printed, all rows pass anyway. */
  #wantRows(by: 'dryRuns' | 'alerts', isWanted: boolean): void {
    this.#rowsWanted[by] = isWanted;
    const { dryRuns, alerts } = this.#rowsWanted;
    if (!this.records.wantsRows) this.#running.want('core', dryRuns || alerts ? Number.POSITIVE_INFINITY : 0);
  }

  #openPast(recorder: Recorder): PastQuestions {
    const { geoip } = this.#options;
    return new PastQuestions({
      directory: recorder.directory,
      recorder: () => recorder.facts(),
      bookmarks: recorder.bookmarks,
      trial: () => this.#rules.dryRunContext(),
      tried: (limits) => this.#rules.tried(limits),
      tables: () => this.#rules.tables,
      ...(geoip.length > 0 && { places: () => readPlaceFiles(geoip) }),
      failed: (error) => this.#lines.failed(error, 'a question about recorded packets failed'),
    });
  }

  #hello(): Hello {
    const { transport } = this.#running.ready;
    const clock = clockOf(this.#options.clock, transport);
    return { ...this.#session, transport, clock, interfaces: this.#description.interfaces };
  }

  #makeRules(): RulesRuntime {
    const server = this.#server;
    return new RulesRuntime({
      paths: this.#options.state,
      protect: this.#options.protect,
      confirmMs: this.#options.confirmWithin,
      environment: process.env,
      servedPort: server?.process.port,
      operators: () => [...(server?.process.operators() ?? []), ...(this.#fleet?.addresses() ?? [])],
      bans: () => this.#bans.rules,
      bansCounted: () => this.#bans.counted(),
      changed: () => {
        this.#bans.rulesChanged();
        this.#recorder?.rules(this.#rules.snapshot().rules);
        server?.process.rulesChanged();
        this.#fleet?.rulesChanged();
      },
      counted: (counters, hits) => server?.process.ruleCounters(counters, hits),
      wantRows: (isWanted) => this.#wantRows('dryRuns', isWanted),
      notice: this.notice,
      // As for names:listeners: the processes of another namespace are not those of the watched interfaces.
      socketOwners: this.#options.netns === undefined ? (inodes) => socketOwners(processesHelper(), inodes) : undefined,
      failed: (error) => this.#lines.failed(error, 'a request about rules failed'),
      loader: this.#description,
    });
  }

  #makeBans(): BansRuntime {
    const server = this.#server?.process;
    return new BansRuntime({
      paths: this.#options.state,
      rules: () => this.#rules,
      notice: this.notice,
      changed: (bans) => server?.bans(bans),
      decided: (decision) => {
        logDecision(this.#log, decision);
        server?.decision(decision);
      },
      watchAttempts: (limits) => this.#running.watchAttempts(limits),
      interfaceName: (ifindex) => this.records.names.nameOf(ifindex),
      failed: (error) => this.#lines.failed(error, 'bans failed'),
    });
  }

  #makeFleet({ urls, joinToken, name }: HubOptions): NodeFleet {
    const server = this.#server?.process;
    const { version, boot_id: bootId } = this.#session;
    const report = (level: Notice['level'], message: string) =>
      this.notice({ at_ms: Date.now(), level, code: 'rules_fallback', message });
    const generations = new NodeGenerations({
      directory: this.#options.state.fleet,
      groups: () => fleet.groups(),
      verified: (signed) => fleet.verified(signed),
      rules: () => this.#rules.forFleet,
      readList: (set, text) => this.#rules.readList(set, text),
      changed: () => fleet.changed(),
      report,
    });
    const fleet = new NodeFleet({
      paths: this.#options.state,
      ...{ urls, joinToken, name, version, bootId },
      generations,
      shipments: () => this.#shipper,
      changed: (state) => server?.fleetChanged(state),
      report,
      failed: (error) => this.#lines.failed(error, 'a request of a hub failed'),
      reached: (url) => this.#log.info(`The hub ${url} is reached.`),
      unreached: (hub, problem) => this.#lines.warn({ hub, problem }, 'the hub is not reached'),
    });
    return fleet;
  }

  #openShipper(fleet: NodeFleet, recorder: Recorder): Shipper {
    return new Shipper({
      directory: this.#options.state.fleet,
      recordDirectory: recorder.directory,
      changed: () => fleet.changed(),
      warn: (message) => this.#lines.warn({}, message),
      failed: (error) => this.#lines.failed(error, 'no recorded packets are shipped to the hub any more'),
    });
  }

  #makeAlerts(): Alerts {
    const server = this.#server?.process;
    const { state, record } = this.#options;
    return new Alerts({
      paths: state,
      directories: [state.directory, ...(record === undefined ? [] : [recordDirectoryOf(record, state.directory)])],
      isRecording: record !== undefined,
      node: this.#session.node,
      dashboard: () => this.#server?.served.url ?? '',
      deliver: server && ((request) => server.deliver(request)),
      canDeliver: () => server?.canDeliver ?? false,
      rules: () => this.#rules.state(),
      bans: () => this.#bans.recent,
      wantRows: (isWanted) => this.#wantRows('alerts', isWanted),
      wantNewSources: (isWanted) => this.#running.wantNewSources(isWanted),
      wantReports: (isWanted) => this.#running.wantReports(isWanted),
      notice: this.notice,
      failed: (error) => this.#lines.failed(error, 'a request about alerts failed'),
    });
  }

  #drainEvents(): DrainEvents {
    const { records } = this;
    const server = this.#server;
    const rules = this.#rules;
    return {
      rows: (bytes, count) => {
        records.add(bytes, count);
        rules.rows(bytes, count, this.#running.ready);
        if (this.#alerts.wantsRows) this.#alerts.rows(bytes, count, this.#running.ready);
      },
      serverBlocked: () => server?.process.blocked(),
      second: ({ number, ledger, summary, findings, newSources, clockOffsetNs }) => {
        this.#description.second(ledger, summary);
        records.learn(ledger.interfaces);
        this.#recorder?.learn(ledger.interfaces);
        // Before the second, with which the server sends them.
        if (findings !== undefined) this.#found(findings);
        this.#alerts.second(ledger, summary, newSources);
        const reports = { alerts: this.#alerts.report(), ship: this.#shipper?.ledger() };
        server?.process.second(number, { ...ledger, ...reports }, summary, clockOffsetNs);
        rules.second(ledger.interfaces, Date.now());
      },
      ruleCounts: (counts) => rules.counts(counts),
      offenders: ({ offenders, error }) => {
        if (error === undefined) this.#bans.offenders(offenders);
        else this.#lines.failed(fromPlain(error), 'sources over a limit cannot be read; no more are banned');
      },
      loaded: (target, kernel) => rules.loaded(target, kernel),
      notice: ({ notice }) => {
        if (notice.code === 'clock_step') {
          rules.clockSet();
          this.#bans.tick();
        }
        this.notice(notice);
      },
      failed: (error) => {
        this.#log.fatal(
          { err: error },
          'The drain thread failed; the interfaces are detached, unless the program is pinned.',
        );
        process.exit(EXIT.failed);
      },
    };
  }
}
