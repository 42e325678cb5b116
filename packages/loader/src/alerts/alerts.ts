/**
 * The alerts of a running loader: evaluates their conditions once a second, and sends what happened. The parts are
 * pure; this file has the clock, the files and the measurements.
 */
import { statfs } from 'node:fs/promises';
import { filterKey, type Notice, parseFilter, type Summary } from '@packetlog/common';
import type {
  AlertAnswer,
  AlertDefinition,
  AlertReport,
  AlertsAccess,
  AlertVerb,
} from '../ipc/alerts/alerts-access.ts';
import { InterfaceNames } from '../ipc/interface-table.ts';
import type { LoaderStatus } from '../ipc/loader-status.ts';
import type { DrainLedger } from '../ipc/messages.ts';
import { printableName } from '../system/interface-name.ts';
import { type AlertPaths, readAlertState, readDefinitions, writeAlertState, writeDefinitions } from './alert-files.ts';
import { AlertSender, type AlertSenderOptions } from './alert-sender.ts';
import { type AlertFacts, MeasuredRates, perSecondOf } from './alert-values.ts';
import { AlertWatch, type Clocks, type FiringAlert } from './alert-watch.ts';
import { AlertsApi } from './alerts-api.ts';
import { FilteredCount, type FilteredSums, type RecordLayout } from './filtered-count.ts';

const TICK_MS = 1000;
const DISK_MS = 5000;
/** Rates of a report older than this are unknown: the drain thread reports each second while there are alerts. */
const LATE_MS = 5000;
const CLOSE_MS = 2000;

export interface AlertsOptions extends Pick<AlertSenderOptions, 'canDeliver' | 'node' | 'dashboard'> {
  readonly paths: AlertPaths;
  /** Undefined with `--listen off`: no process can send. */
  readonly deliver: AlertSenderOptions['deliver'] | undefined;
  /** Directories whose file systems `disk` means. */
  readonly directories: readonly string[];
  readonly isRecording: boolean;
  readonly rules: () => LoaderStatus['rules'];
  readonly bans: () => AlertFacts['bans'];
  /** Requests all rows, for conditions with a filter, or no longer. */
  readonly wantRows: (isWanted: boolean) => void;
  /** Requests that the drain thread counts new sources, or no longer. */
  readonly wantNewSources: (isWanted: boolean) => void;
  /** Requests a report each second, also while no packets arrive, or no longer. */
  readonly wantReports: (isWanted: boolean) => void;
  readonly notice: (notice: Notice) => void;
  readonly failed: (error: unknown) => void;
}

export class Alerts implements AlertsAccess {
  readonly #options: AlertsOptions;
  readonly #sender: AlertSender;
  readonly #api: AlertsApi;
  readonly #names = new InterfaceNames();
  readonly #measured = new MeasuredRates();
  readonly #storedFiring: Readonly<Record<string, FiringAlert>>;
  /** Also those that cannot be used. */
  #definitions: readonly AlertDefinition[] = [];
  #watches: readonly AlertWatch[] = [];
  /** By text of the filter; texts of the same filter share a count. */
  #counts = new Map<string, FilteredCount>();
  #filtered: ReadonlyMap<string, FilteredSums> = new Map();
  #newSources: number | undefined;
  #ledger: DrainLedger | undefined;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #disk: AlertFacts['disk'];
  #diskMs = Number.NEGATIVE_INFINITY;
  #hasStarted = false;
  /** Undefined without alerts: an idle loader does not wake up for them. */
  #timer: NodeJS.Timeout | undefined;
  /** Why definitions cannot be used, or changes cannot be stored. */
  #problem: string | undefined;
  #isUnstored = false;
  #isFiringChanged = false;

  /** Reads the files; what cannot be used is a notice, and `status` says it. */
  constructor(options: AlertsOptions) {
    this.#options = options;
    const definitions = readDefinitions(options.paths);
    const state = readAlertState(options.paths);
    this.#storedFiring = state.value.firing;
    const { canDeliver, node, dashboard, deliver } = options;
    this.#sender = new AlertSender(
      {
        ...{ node, dashboard, wallMs: Date.now },
        canDeliver: () => deliver !== undefined && canDeliver(),
        deliver: deliver ?? (async () => ({ text: 'this loader serves no clients (--listen off)' })),
        givenUp: ({ events }, why) =>
          this.#notice(
            'alert_not_delivered',
            'warning',
            `${namesOf(events)} could not be delivered within an hour: ${why}.`,
          ),
      },
      state.value,
    );
    this.#problem = definitions.problem;
    for (const problem of [definitions.problem, state.problem]) {
      if (problem !== undefined) this.#notice('alerts_rejected', 'error', `Alerts: ${problem}.`);
    }
    this.#use(definitions.value);
    this.#api = new AlertsApi({
      definitions: () => this.#definitions,
      watches: () => this.#watches,
      sender: this.#sender,
      report: () => this.report(),
      isRecording: options.isRecording,
      canEverDeliver: deliver !== undefined,
      problem: () => this.#problem,
      change: (alerts) => this.#change(alerts),
      failed: options.failed,
    });
  }

  /** Begins to evaluate. Call it when the drain thread runs. */
  start(): void {
    this.#hasStarted = true;
    this.#want();
  }

  ask(verb: AlertVerb, request: unknown): Promise<AlertAnswer<AlertVerb>> {
    return this.#api.ask(verb, request);
  }

  report(): AlertReport {
    const firing = this.#watches.filter((watch) => watch.firing !== undefined);
    return {
      alerts: this.#watches.length,
      firing: firing.map(({ definition }) => definition.name),
      waiting: this.#sender.waiting,
      counts: { ...this.#sender.counts },
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }

  /** Whether rows are needed. */
  get wantsRows(): boolean {
    return this.#counts.size > 0;
  }

  rows(bytes: Uint8Array, count: number, layout: RecordLayout): void {
    for (const each of new Set(this.#counts.values())) each.add(bytes, count, layout);
  }

  /** Handles a report of the drain thread. `newSources`: per second; undefined: not known, or not measured. */
  second(ledger: DrainLedger, summary: Summary, newSources: number | undefined): void {
    this.#ledger = ledger;
    this.#newSources = newSources;
    this.#reportedMs = performance.now();
    this.#measured.second(ledger, summary);
    if (this.#names.learn(ledger.interfaces)) for (const each of this.#counts.values()) each.learn(this.#names);
    this.#filtered = this.#takeFiltered(summary.interval_ms);
  }

  /** Stores what is not sent yet, for the next start. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.race([this.#sender.finish(), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    this.#store();
  }

  #tick(): void {
    const clocks: Clocks = { wallMs: Date.now(), steadyMs: performance.now() };
    this.#measureDisk(clocks.steadyMs);
    const facts = this.#facts(clocks.steadyMs);
    for (const watch of this.#watches) {
      const event = watch.evaluate(facts, clocks);
      if (event === undefined) continue;
      this.#isFiringChanged = true;
      this.#sender.add(event, watch.definition.target);
      if (event.what === 'fired')
        this.#notice('alert_fired', 'warning', `Alert ${event.name}: ${event.condition}; ${event.value}.`);
      if (event.what === 'resolved')
        this.#notice('alert_resolved', 'info', `Alert ${event.name} is resolved; ${event.value}.`);
    }
    this.#store();
    this.#sender.send(() => this.#store());
  }

  #facts(steadyMs: number): AlertFacts {
    const isKnown = steadyMs - this.#reportedMs < LATE_MS;
    return {
      rates: isKnown ? this.#measured.rates : undefined,
      counts: isKnown ? this.#measured.counts : undefined,
      newSources: isKnown ? this.#newSources : undefined,
      filtered: isKnown ? this.#filtered : new Map(),
      interfaces: this.#ledger?.interfaces,
      recorder: this.#ledger?.recorder,
      alarms: this.#options.rules().alarms,
      bans: this.#options.bans(),
      disk: this.#disk,
    };
  }

  #takeFiltered(intervalMs: number): Map<string, FilteredSums> {
    const taken = new Map<FilteredCount, FilteredSums>();
    const filtered = new Map<string, FilteredSums>();
    for (const [text, count] of this.#counts) {
      const sums = taken.get(count) ?? count.take();
      taken.set(count, sums);
      const { packets, bytes, denied, would_deny } = sums;
      const rate = (value: number) => perSecondOf(value, intervalMs);
      filtered.set(text, {
        packets: rate(packets),
        bytes: rate(bytes),
        denied: rate(denied),
        would_deny: rate(would_deny),
      });
    }
    return filtered;
  }

  /** Does not wait: a network file system may not answer. */
  #measureDisk(steadyMs: number): void {
    const isWanted = this.#watches.some(({ condition }) => condition.kind === 'disk');
    if (!isWanted || steadyMs - this.#diskMs < DISK_MS) return;
    this.#diskMs = steadyMs;
    const measured = this.#options.directories.map(async (directory) => {
      const { blocks, bavail } = await statfs(directory);
      return { percent: blocks === 0 ? 100 : (bavail / blocks) * 100, directory };
    });
    Promise.all(measured).then(
      (all) => {
        this.#disk = all.sort((a, b) => a.percent - b.percent)[0];
      },
      () => {
        this.#disk = undefined;
      },
    );
  }

  /** Stores and uses these definitions. Throws the file system's error, and changes nothing then. */
  #change(alerts: readonly AlertDefinition[]): void {
    writeDefinitions(this.#options.paths, alerts);
    this.#use(alerts);
    this.#want();
    this.#isFiringChanged = true;
    this.#store();
  }

  #use(alerts: readonly AlertDefinition[]): void {
    const steadyMs = performance.now();
    const known = new Map(this.#watches.map((watch) => [watch.fingerprint, watch]));
    const watches = alerts.flatMap((definition) => {
      try {
        const watch = new AlertWatch(definition, { steadyMs });
        const firing = this.#storedFiring[watch.fingerprint];
        const isFirst = !this.#hasStarted && firing !== undefined;
        return [known.get(watch.fingerprint) ?? (isFirst ? new AlertWatch(definition, { steadyMs }, firing) : watch)];
      } catch (error) {
        // The file was edited, or written by another version.
        this.#notice('alerts_rejected', 'error', `Alert ${definition.name} is not used. ${String(error)}`);
        return [];
      }
    });
    for (const [fingerprint, { definition }] of known) {
      if (!watches.some((watch) => watch.fingerprint === fingerprint))
        this.#sender.forget(fingerprint, definition.target);
    }
    this.#definitions = alerts;
    this.#watches = watches;
    this.#sender.useTargetsOf(alerts);
    this.#countFilters();
  }

  #countFilters(): void {
    const byKey = new Map<string, FilteredCount>();
    const counts = new Map<string, FilteredCount>();
    for (const { condition } of this.#watches) {
      if (condition.kind !== 'rate' || condition.matching === undefined) continue;
      const filter = parseFilter(condition.matching);
      const key = filterKey(filter);
      const count = this.#counts.get(condition.matching) ?? byKey.get(key) ?? new FilteredCount(filter, this.#names);
      byKey.set(key, count);
      counts.set(condition.matching, count);
    }
    this.#counts = counts;
  }

  #want(): void {
    const hasAlerts = this.#watches.length > 0;
    if (!hasAlerts) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#tick(), TICK_MS);
      this.#timer.unref();
    }
    this.#options.wantReports(hasAlerts);
    this.#options.wantRows(this.wantsRows);
    this.#options.wantNewSources(
      this.#watches.some(({ condition }) => condition.kind === 'rate' && condition.measure === 'new sources'),
    );
  }

  /** Writes what has changed. If that fails, alerts go on from memory, and a notice says so once. */
  #store(): void {
    const isChanged = this.#sender.takeChange() || this.#isFiringChanged || this.#isUnstored;
    if (!isChanged) return;
    this.#isFiringChanged = false;
    const firing = Object.fromEntries(
      this.#watches.flatMap(({ fingerprint, firing: each }) => (each === undefined ? [] : [[fingerprint, each]])),
    );
    try {
      writeAlertState(this.#options.paths, { version: 1, firing, ...this.#sender.stored });
      this.#isUnstored = false;
    } catch (error) {
      if (!this.#isUnstored) {
        const why = error instanceof Error ? error.message : String(error);
        this.#notice('alerts_rejected', 'error', `Alerts that are not delivered yet cannot be stored: ${why}.`);
      }
      this.#isUnstored = true;
    }
  }

  #notice(code: Notice['code'], level: Notice['level'], message: string): void {
    // Values have names of interfaces and messages of files.
    this.#options.notice({ at_ms: Date.now(), level, code, message: printableName(message) });
  }
}

function namesOf(events: readonly { readonly name: string }[]): string {
  const names = events.map(({ name }) => name).join(', ');
  return events.length === 1 ? `The message of alert ${names}` : `The message of alerts ${names}`;
}
