/** Connects the parts of a running loader: drain thread, rules, server, records. */
import type { Notice } from '@packetlog/common';
import type { Logger } from 'pino';
import type { Places } from '../../enrichment/places.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import { RowDemand } from '../../ipc/row-demand.ts';
import { type DrainEvents, DrainThread, type Stopped } from '../../reader/drain-thread.ts';
import { RulesRuntime } from '../../rules/rules-runtime.ts';
import { prepareStateDirectory } from '../../rules/store/state-directory.ts';
import { lockStateDirectory } from '../../rules/store/state-lock.ts';
import { endStay, isStayRequested } from '../../rules/store/stay-request.ts';
import { LineLimit } from '../../server/access/line-limit.ts';
import type { Server } from '../../server/server.ts';
import { networkNamespaceId } from '../../system/network-namespace.ts';
import { memoryProblems, ringBytesFor } from '../../transports/ring-memory.ts';
import { filterWarnings } from '../options/filter-option.ts';
import type { RunOptions } from '../options/run-options.ts';
import { leaveWith } from '../process/leave.ts';
import type { RecordOutput } from '../process/record-output.ts';
import type { Stop } from '../process/stop.ts';
import { drainOptions } from './drain-options.ts';
import { openPlaces, reloadPlaces } from './geoip.ts';
import { greet, watchingText } from './greeting.ts';
import { problemsOf } from './health.ts';
import { storeInterfaces } from './last-interfaces.ts';
import { DescribedLoader } from './loader-description.ts';
import { openServer } from './open-server.ts';
import { PinnedFarewell } from './pinned-farewell.ts';
import { RecordSink } from './record-sink.ts';
import { reloadTls } from './tls.ts';

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
  readonly #places: Places | undefined;
  readonly #server: Server | undefined;
  readonly #lines: LineLimit;
  readonly #description: DescribedLoader;
  readonly #rules: RulesRuntime;
  readonly #demand: RowDemand;
  readonly #unlock: () => void;
  #thread: DrainThread | undefined;

  private constructor(
    options: RunOptions,
    log: Logger,
    parts: {
      unlock: () => void;
      records: RecordSink;
      ringBytes: number;
      places: Places | undefined;
      server: Server | undefined;
      lines: LineLimit;
    },
  ) {
    this.#options = options;
    this.#log = log;
    this.#unlock = parts.unlock;
    this.records = parts.records;
    this.#ringBytes = parts.ringBytes;
    this.#places = parts.places;
    this.#server = parts.server;
    this.#lines = parts.lines;
    this.staying = new PinnedFarewell(options.bpfFs, this.#notice);
    this.#demand = new RowDemand(this.records.wantsRows ? undefined : (perSecond) => this.#running.want(perSecond));
    this.#description = new DescribedLoader({
      networkNamespace: networkNamespaceId(options.netns),
      ringBytes: parts.ringBytes,
      server: parts.server,
      attached: () => this.#running.ready.interfaces,
      rules: () => this.#rules.state(),
    });
    this.#rules = this.#makeRules();
  }

  /**
   * Locks the state directory, and opens the files and the port; attaches nothing yet. Resolves with undefined if the
   * end was requested while another process held the lock. Throws SetupError.
   */
  static async open(options: RunOptions, { log, stop, output }: LoaderHost): Promise<RunningLoader | undefined> {
    // Report a missing namespace before any other error.
    networkNamespaceId(options.netns);
    const ringBytes = ringBytesFor(options.ringSize);
    const problems = [...prepareStateDirectory(options.state), ...memoryProblems(ringBytes)];
    const unlock = await lockStateDirectory(options.state.directory, {
      stop: stop.requested,
      notice: (message) => log.warn(message),
    });
    if (unlock === undefined) return undefined;
    let loader: RunningLoader | undefined;
    const notice = (each: Notice) => {
      if (loader) loader.#notice(each);
    };
    const records = new RecordSink({ ...options, output, stop, notice });
    const places = await openPlaces(options, log);
    const lines = new LineLimit(log);
    const server = await openServer(options, places, log, lines, () => loader?.isHealthy ?? false);
    endStay(options.state);
    loader = new RunningLoader(options, log, { unlock, records, ringBytes, places, server, lines });
    for (const message of problems) {
      loader.#notice({ at_ms: Date.now(), level: 'warning', code: 'rules_fallback', message });
    }
    return loader;
  }

  /** Puts the stored rules in force and attaches; records flow when this resolves. Throws SetupError. */
  async attach(): Promise<void> {
    try {
      this.#thread = await DrainThread.start(
        drainOptions(this.#options, this.#ringBytes, this.records.wantsRows),
        this.#drainEvents(),
      );
    } catch (error) {
      await this.#rules.close(Date.now());
      await this.#server?.close();
      this.#unlock();
      throw error;
    }
    leaveWith(() => this.#running.stop());
    if (this.#options.waitForInterfaces) storeInterfaces(this.#options.state.directory, this.#running.ready.interfaces);
    this.records.start(this.#running.ready);
  }

  /** Starts to serve clients and the other commands of this machine. */
  async serve(): Promise<void> {
    const thread = this.#running;
    await this.#rules.pinBy(async (on) => this.staying.promised(await thread.pins.set(on)));
    this.#server?.start(thread, this.#demand, this.#rules.rulesApi, () => this.#description.interfaces);
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

  /** Reads the rules, the place database and the TLS files again, and opens the log of denied packets again. */
  reload(): void {
    void this.#rules.reload();
    this.records.reopen();
    if (this.#places) void reloadPlaces(this.#places, this.#log);
    reloadTls(this.#options, this.#server, this.#log, this.#notice);
  }

  /** Ends the parts in the reverse order of their start. */
  async close(): Promise<Stopped> {
    this.#server?.notice({
      at_ms: Date.now(),
      level: 'info',
      code: 'shutting_down',
      message: 'The loader is shutting down.',
    });
    await this.#rules.close(Date.now());
    if (isStayRequested(this.#options.state)) await this.#running.pins.set(true);
    const stopped = await this.#running.stop();
    this.#rules.finish();
    // Only now are the files that the next loader reads complete.
    this.#unlock();
    await this.records.finish(stopped.ledger, stopped.pinned !== undefined);
    await this.#server?.close();
    this.#lines.flush();
    return stopped;
  }

  get #running(): DrainThread {
    if (this.#thread === undefined) throw new Error('the drain thread has not started');
    return this.#thread;
  }

  readonly #notice = (notice: Notice): void => {
    const { level, message, at_ms: _, ...fields } = notice;
    this.#log[level === 'warning' ? 'warn' : level](fields, message);
    this.#description.notice(notice);
    this.#server?.notice(notice);
  };

  #makeRules(): RulesRuntime {
    const server = this.#server;
    return new RulesRuntime({
      paths: this.#options.state,
      protect: this.#options.protect,
      confirmMs: this.#options.confirmWithin,
      environment: process.env,
      servedPort: server?.port,
      operators: () => server?.operators() ?? [],
      changed: () => server?.rulesChanged(),
      counted: (counters, hits) => server?.ruleCounters(counters, hits),
      wantRows: (isWanted) => this.#demand.set('dryRuns', isWanted ? Number.POSITIVE_INFINITY : 0, () => {}),
      notice: this.#notice,
      failed: (error) => this.#lines.failed(error, 'a request about rules failed'),
      loader: this.#description,
    });
  }

  #drainEvents(): DrainEvents {
    const { records } = this;
    const server = this.#server;
    const rules = this.#rules;
    return {
      rows: (bytes, count, skipped) => {
        records.add(bytes, count);
        server?.rows(bytes, count, skipped);
        rules.rows(bytes, count, this.#running.ready);
      },
      rowsWanted: (skipped) => {
        server?.skipped(skipped);
        this.#demand.answered();
      },
      clock: (offsetNs) => server?.setClockOffset(offsetNs),
      second: ({ ledger, summary, clockOffsetNs }) => {
        this.#description.second(ledger, summary);
        records.learn(ledger.interfaces);
        server?.second(ledger, summary, clockOffsetNs);
        rules.second(ledger.interfaces, Date.now());
      },
      ruleCounts: (counts) => rules.counts(counts),
      loaded: (target, kernel) => rules.loaded(target, kernel),
      notice: ({ notice }) => this.#notice(notice),
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
