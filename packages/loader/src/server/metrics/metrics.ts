/** All metrics of the loader in the Prometheus text format. */
import {
  type Acknowledgement,
  type Bans,
  type Findings,
  type LimitLevels,
  type Notice,
  noBans,
  noFindings,
  type RulesSnapshot,
} from '@packetlog/common';
import { Registry } from 'prom-client';
import type { DrainLedger } from '../../ipc/messages.ts';
import type { ClientSums } from '../streams/client-sums.ts';
import { bansMetrics } from './bans-metrics.ts';
import { findingsMetrics } from './findings-metrics.ts';
import { ledgerMetrics } from './ledger-metrics.ts';
import { limitMetrics } from './limit-metrics.ts';
import { LoaderEvents, type LoaderSource, loaderMetrics } from './loader-metrics.ts';
import { rulesMetrics } from './rules-metrics.ts';

/** The text is made at most once in this time, however often it is scraped: the ledger is read once a second. */
const FRESH_MS = 1000;

export interface MetricsSource extends Omit<LoaderSource, 'isHealthy'> {
  /** All rules with their counters; costs as much as there are rules. */
  readonly rules: () => RulesSnapshot | Promise<RulesSnapshot>;
  /** Levels of the limits, as `limits:top` answers. */
  readonly limits: () => Promise<Acknowledgement<LimitLevels>>;
  readonly clientRecords: () => ClientSums;
  readonly isHealthy: () => boolean | Promise<boolean>;
}

export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #events = new LoaderEvents();
  #ledger: DrainLedger | undefined;
  #rules: RulesSnapshot | undefined;
  #limits: LimitLevels | undefined;
  #isHealthy = false;
  #findings = noFindings(0);
  #bans = noBans(0);
  #source: MetricsSource | undefined;
  #made: { readonly text: Promise<string>; readonly atMs: number } | undefined;

  constructor() {
    this.contentType = this.#registry.contentType;
  }

  /** Serves metrics from now on. */
  start(source: MetricsSource): void {
    this.#source = source;
    ledgerMetrics(this.#registry, { ledger: () => this.#ledger, clients: source.clientRecords });
    rulesMetrics(this.#registry, () => this.#rules);
    limitMetrics(this.#registry, () => this.#limits);
    findingsMetrics(this.#registry, () => this.#findings);
    bansMetrics(this.#registry, () => this.#bans);
    loaderMetrics(this.#registry, { ...source, isHealthy: () => this.#isHealthy }, this.#events);
  }

  second(ledger: DrainLedger): void {
    this.#ledger = ledger;
    this.#events.report(ledger.at_ms, ledger.reader, performance.now());
  }

  bans(bans: Bans): void {
    this.#bans = bans;
  }

  findings(findings: Findings): void {
    this.#findings = findings;
  }

  notice(notice: Notice): void {
    this.#events.notice(notice);
  }

  /** Returns all metrics; undefined before `start`. */
  text(nowMs = performance.now()): Promise<string> | undefined {
    if (this.#source === undefined) return undefined;
    if (this.#made === undefined || nowMs - this.#made.atMs >= FRESH_MS) {
      this.#made = { text: this.#make(this.#source), atMs: nowMs };
    }
    return this.#made.text;
  }

  /** Asks for the rules once for all metrics of a scrape. */
  async #make({ rules, limits, isHealthy }: MetricsSource): Promise<string> {
    this.#rules = await rules();
    this.#limits = await levelsOf(this.#rules, limits);
    this.#isHealthy = await isHealthy();
    return this.#registry.metrics();
  }
}

/** Asks only if there are limits: the drain thread would be woken for nothing. */
async function levelsOf(rules: RulesSnapshot, limits: MetricsSource['limits']): Promise<LimitLevels | undefined> {
  if (!rules.rules.some(({ action }) => action === 'limit')) return undefined;
  const answer = await limits();
  return answer.ok ? answer.value : undefined;
}
