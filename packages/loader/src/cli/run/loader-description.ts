/** Describes the running loader to other commands on this machine: identity for all, state for `packetlog status`. */
import type { Findings, Ledger, Notice, Summary } from '@packetlog/common';
import type { ShipLedger } from '@packetlog/common/fleet';
import type { AlertReport, AlertsAccess } from '../../ipc/alerts/alerts-access.ts';
import type { ControlSession, RotatedTokens } from '../../ipc/control-session.ts';
import type { BansAccess } from '../../ipc/defence/bans-access.ts';
import type { LoaderStatus } from '../../ipc/loader-status.ts';
import type { DrainLedger } from '../../ipc/messages.ts';
import type { PastAccess } from '../../ipc/past-access.ts';
import type { LoaderDescription } from '../../rules/control/control-server.ts';
import { residentMemory } from '../../system/resident-memory.ts';
import { version } from '../process/package-version.ts';

/** Without a report for this time, rates are zero: reports come each second, but only while packets arrive. */
const RATE_LATE_MS = 2500;
const NO_HOP = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };

export interface ServedLoader {
  /** URL and tokens, for root on this machine. */
  readonly served: NonNullable<ControlSession['served']>;
  readonly clients: number;
  rotateTokens(): string | undefined;
  status(): NonNullable<LoaderStatus['server']>;
}

export interface LoaderFacts {
  readonly networkNamespace: string;
  readonly ringBytes: number;
  /** Undefined with `--listen off`. */
  readonly server: ServedLoader | undefined;
  /** Returns the interfaces as they were attached. */
  readonly attached: () => Ledger['interfaces'];
  readonly rules: () => LoaderStatus['rules'];
  /** Value of `--record-dir`; undefined: packets are not recorded, or in the state directory. */
  readonly recordDirectory: string | undefined;
  /** Undefined where nothing is recorded. */
  readonly past: () => PastAccess | undefined;
  /** Undefined: there is no hub, or nothing is recorded. */
  readonly ship: () => ShipLedger | undefined;
  readonly alerts: () => AlertsAccess & { report(): AlertReport };
  readonly bans: () => BansAccess;
  /** Undefined: this loader is no node of a fleet. */
  readonly hubs: () => LoaderStatus['hubs'];
  readonly fleetRules: () => LoaderStatus['fleet_rules'];
}

export class DescribedLoader implements LoaderDescription {
  readonly #facts: LoaderFacts;
  readonly #sinceMs = Date.now();
  #ledger: DrainLedger | undefined;
  #summary: Summary | undefined;
  #alarm: Notice | undefined;
  #findings: Findings | undefined;

  constructor(facts: LoaderFacts) {
    this.#facts = facts;
  }

  /** Updates the description from a report of the drain thread. */
  second(ledger: DrainLedger, summary: Summary): void {
    this.#ledger = ledger;
    this.#summary = summary;
  }

  findings(findings: Findings): void {
    this.#findings = findings;
  }

  notice(notice: Notice): void {
    if (notice.level !== 'info') this.#alarm = notice;
  }

  get interfaces(): Ledger['interfaces'] {
    return this.#ledger?.interfaces ?? this.#facts.attached();
  }

  session(): ControlSession {
    const { networkNamespace, recordDirectory, server } = this.#facts;
    return {
      pid: process.pid,
      network_namespace: networkNamespace,
      served: server?.served ?? null,
      interfaces: this.interfaces,
      ...(recordDirectory !== undefined && { record_directory: recordDirectory }),
    };
  }

  rotateTokens(): RotatedTokens {
    const { server } = this.#facts;
    const problem = server?.rotateTokens();
    return problem === undefined ? { was_done: server !== undefined } : { was_done: false, problem };
  }

  past(): PastAccess | undefined {
    return this.#facts.past();
  }

  bans(): BansAccess {
    return this.#facts.bans();
  }

  alerts(): AlertsAccess {
    return this.#facts.alerts();
  }

  /** Returns the part of the status that health depends on; any client may request it, so it is cheap. */
  health(): Pick<LoaderStatus, 'interfaces' | 'rules'> {
    return { interfaces: this.interfaces, rules: this.#facts.rules() };
  }

  status(nowMs = Date.now()): LoaderStatus {
    const {
      at_ms = nowMs,
      unwatched,
      ring = NO_HOP,
      before,
      queue = NO_HOP,
      server,
      recorder,
      reasons = {},
    } = this.#ledger ?? {};
    const hubs = this.#facts.hubs();
    const fleetRules = this.#facts.fleetRules();
    const ship = this.#facts.ship();
    return {
      version: version(),
      pid: process.pid,
      since_ms: this.#sinceMs,
      interfaces: this.interfaces,
      ledger: { at_ms, unwatched, ring, before, queue, server, recorder, reasons },
      rates: ratesOf(this.#summary, nowMs),
      rules: this.#facts.rules(),
      clients: this.#facts.server?.clients ?? 0,
      ring_bytes: this.#facts.ringBytes,
      memory_bytes: residentMemory(),
      server: this.#facts.server?.status() ?? null,
      ...(hubs === undefined ? {} : { hubs }),
      ...(fleetRules === undefined ? {} : { fleet_rules: fleetRules }),
      ...(this.#findings === undefined ? {} : { findings: this.#findings }),
      alerts: this.#facts.alerts().report(),
      ...(ship !== undefined && { ship }),
      ...(this.#alarm === undefined ? {} : { last_alarm: this.#alarm }),
    };
  }
}

function ratesOf(summary: Summary | undefined, nowMs: number): LoaderStatus['rates'] {
  if (summary === undefined || nowMs - summary.at_ms > RATE_LATE_MS) {
    return { packets: 0, bytes: 0, denied: 0, by_interface: [] };
  }
  const perSecond = (value: number) => (value * 1000) / summary.interval_ms;
  return {
    packets: perSecond(summary.total.packets),
    bytes: perSecond(summary.total.bytes),
    denied: perSecond(summary.by_action.deny ?? 0),
    by_interface: summary.by_interface.map(({ name, packets, bytes }) => ({
      name,
      packets: perSecond(packets),
      bytes: perSecond(bytes),
    })),
  };
}
