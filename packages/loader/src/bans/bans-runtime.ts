/** Runs the bans of a loader: connects them with the rules, the disk and the clients. */
import type { Bans as BansState, Decision, Notice, Rule } from '@packetlog/common';
import type { BansAccess } from '../ipc/defence/bans-access.ts';
import type { WatchedAttempts } from '../ipc/evidence/attempt-evidence.ts';
import type { ObservedOffender } from '../ipc/rule-counts.ts';
import type { RulesRuntime } from '../rules/rules-runtime.ts';
import type { StatePaths } from '../rules/store/state-directory.ts';
import { systemClock } from './ban-clock.ts';
import { banLimitOf } from './ban-limit.ts';
import { Bans } from './bans.ts';
import { BansApi } from './bans-api.ts';
import type { BansKernel } from './bans-in-force.ts';
import { BansStore } from './bans-store.ts';
import { findDecisions } from './find-decisions.ts';
import { OLD_CONNECTION_MS } from './guards.ts';
import { ConnectionWatch, READ_MS } from './live-connections.ts';
import { offenderOf, watchedAttempts } from './observed-offender.ts';

const TICK_MS = 1000;

type RulesForBans = BansKernel &
  Pick<RulesRuntime, 'ruleset' | 'protectedNow' | 'packetsOf' | 'permit' | 'auditUndo' | 'maxBans' | 'tables'>;

export interface BansRuntimeOptions {
  readonly paths: Pick<StatePaths, 'bans' | 'decisions'>;
  readonly rules: () => RulesForBans;
  readonly notice: (notice: Notice) => void;
  readonly changed: (bans: BansState) => void;
  readonly decided: (decision: Decision) => void;
  /** Lets attempts to connect be followed for these limits. */
  readonly watchAttempts: (limits: readonly WatchedAttempts[]) => void;
  readonly interfaceName: (ifindex: number) => string;
  readonly failed: (error: unknown) => void;
}

export class BansRuntime {
  readonly api: BansAccess;
  readonly #options: BansRuntimeOptions;
  readonly #bans: Bans;
  readonly #connections: ConnectionWatch;
  #hasStarted = false;
  /** Undefined without bans and limits that ban: an idle loader does not wake up for them. */
  #timer: NodeJS.Timeout | undefined;
  /** The limits for which attempts are followed, as text. */
  #watched = '[]';

  /** Reads the bans that outlived the last loader: the state directory has to be locked. */
  constructor(options: BansRuntimeOptions) {
    this.#options = options;
    const { paths, rules, notice, changed, decided, failed } = options;
    const store = new BansStore(paths, notice);
    const clock = systemClock();
    this.#connections = new ConnectionWatch(() => rules().tables);
    const { connections } = this.#connections;
    this.#bans = new Bans({
      store,
      clock,
      maxActive: () => rules().maxBans,
      kernel: {
        changeBans: (deny) => rules().changeBans(deny),
        endBans: (ids) => rules().endBans(ids),
        resumeBans: (ids) => rules().resumeBans(ids),
        keepBans: (deny) => rules().keepBans(deny),
      },
      ruleset: () => rules().ruleset,
      protectedNow: () => rules().protectedNow(),
      // A connection may have been open for as long as a read lasts before it was seen.
      oldConnection: (network) => connections.oldest(network, OLD_CONNECTION_MS - READ_MS, performance.now()),
      packets: (ruleId) => rules().packetsOf(ruleId),
      permit: (sources, reason, who) => rules().permit(sources, reason, who),
      audit: (who, why, undone) => rules().auditUndo(who, why, undone),
      notice,
      changed,
      decided,
    });
    this.api = new BansApi({
      handlers: {
        list: async (request) => this.#bans.list(request),
        decisions: async (request, { who }) => findDecisions(store.log, request, clock.wallMs(), who.via === 'socket'),
        undo: (request, { who }) => this.#bans.undo(request, who),
      },
      failed,
    });
  }

  /** The deny rules of the bans in force. */
  get rules(): readonly Rule[] {
    return this.#bans.rules;
  }

  /** The decisions of the last minute. */
  get recent(): Bans['recent'] {
    return this.#bans.recent;
  }

  /** Call it when the rules are in force. */
  start(): void {
    this.#hasStarted = true;
    this.#options.changed(this.#bans.state);
    if (!this.#bans.isIdle) this.#wake();
    this.rulesChanged();
  }

  /** Call it when the rules have changed: connections are watched while there is a limit that bans. */
  rulesChanged(): void {
    if (!this.#hasStarted) return;
    const rules = this.#options.rules().ruleset.rules.filter((rule) => banLimitOf(rule) !== undefined);
    if (rules.length > 0) this.#wake();
    void this.#connections.set(rules.length > 0);
    const watched = rules.flatMap(watchedAttempts);
    const text = JSON.stringify(watched);
    if (text === this.#watched) return;
    this.#watched = text;
    this.#options.watchAttempts(watched);
  }

  /** Also call it when the wall clock was set. */
  tick(): void {
    this.#bans.tick().catch(this.#options.failed);
  }

  /** Ticks until there is nothing to do. */
  #wake(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      this.tick();
      if (this.#watched !== '[]' || !this.#bans.isIdle) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, TICK_MS).unref();
    // The clock may have been set while there were no ticks.
    this.tick();
  }

  /** Bans denied packets. */
  counted(): void {
    this.#bans.counted();
  }

  /** Decides about sources that a limit has found over. */
  offenders(observed: readonly ObservedOffender[]): void {
    const { interfaceName, failed } = this.#options;
    this.#bans.offenders(observed.map((each) => offenderOf(each, interfaceName))).catch(failed);
  }

  async close(): Promise<void> {
    this.#hasStarted = false;
    clearInterval(this.#timer);
    await this.#connections.set(false);
  }
}
