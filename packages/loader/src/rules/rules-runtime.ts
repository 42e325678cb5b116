/** Runs the rules of a loader: puts the stored rules in force, and connects the services around them. */
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import {
  FIRST_BAN_RULE_ID,
  type Ledger,
  MAX_BANS,
  type Notice,
  type Rule,
  type RulesSnapshot,
} from '@packetlog/common';
import { handover } from '../ipc/helpers/handover.ts';
import type { LoaderStatus } from '../ipc/loader-status.ts';
import type { CompileTarget } from '../ipc/messages.ts';
import type { RuleCount } from '../ipc/rule-counts.ts';
import type { CallerIdentity } from '../ipc/rules-access.ts';
import { withBans, withWarnings } from './api/rule-notes.ts';
import { RulesApi } from './api/rules-api.ts';
import { Compiler } from './compiler/worker/compiler.ts';
import { serveControl } from './control/control-server.ts';
import { DryRuns, type RecordShapeOf } from './dry-run/dry-runs.ts';
import { dryRun } from './dry-run/start-dry-run.ts';
import { addingMany } from './engine/change.ts';
import { Enforcement, type RuleKernel } from './engine/enforcement.ts';
import { messageOf } from './engine/rejection-text.ts';
import { RulesService } from './engine/rules-service.ts';
import { Interfaces } from './interfaces.ts';
import { LimitLevelsReader } from './limits/limit-levels.ts';
import { FollowedFiles } from './maintenance/followed-files.ts';
import { Maintenance } from './maintenance/maintenance.ts';
import { type Pin, Pinning } from './pin-while-denying.ts';
import { type KernelReader, ReadBack } from './read-back.ts';
import { reload } from './reload.ts';
import type { RulesRuntimeOptions } from './rules-runtime-options.ts';
import { type NamedSet, type Ruleset, saysSomething } from './ruleset/ruleset.ts';
import type { LimitRule, TrialOutcome } from './safety/limit-trials.ts';
import { Machine } from './safety/machine.ts';
import { gatherProtected, type Protected } from './safety/protected-sources.ts';
import { beginOrFail, readOrFail } from './starting.ts';
import { AuditLog } from './store/audit-log.ts';
import { readCounts, writeCounts } from './store/counts-file.ts';
import { readCopy } from './store/read-set.ts';
import { RuleStore } from './store/rule-store.ts';
import { HelperRulesFile } from './store/rules-file.ts';

/** After this time without a report, ticks stand in: the drain thread reports each second only while packets arrive. */
const REPORT_LATE_MS = 1500;
/** Share of the counters that bans may have. */
const BANS_SHARE = 0.625;
/** Bans that an entry of the audit file describes. */
const MAX_AUDITED = 100;

export class RulesRuntime {
  readonly #options: RulesRuntimeOptions;
  readonly #store: RuleStore;
  readonly #audit: AuditLog;
  readonly #compiler = new Compiler();
  readonly #dryRunCompiler = Compiler.apart();
  readonly #dryRuns: DryRuns;
  #enforcement: Enforcement | undefined;
  #service: RulesService | undefined;
  #rulesApi: RulesApi | undefined;
  #tables = '/proc/self/net';
  #interfaces: Interfaces | undefined;
  #control: Server | undefined;
  readonly #pinning = new Pinning((error) =>
    this.#report('error', `The rules cannot be pinned and end with the loader: ${messageOf(error)}`),
  );
  #maintenance: Maintenance | undefined;
  #files: FollowedFiles | undefined;
  #readBack: ReadBack | undefined;
  readonly #machine = new Machine(() => ({
    procNet: this.#tables,
    servedPort: this.#options.servedPort,
    owners: this.#options.socketOwners,
  }));
  #reportedAt = 0;

  constructor(options: RulesRuntimeOptions) {
    this.#options = options;
    const { paths } = options;
    const helper = handover()?.rules_file;
    this.#store = new RuleStore(paths, {
      file: helper && new HelperRulesFile(paths.rules, helper, paths.directory),
      keptAside: (copy) =>
        this.#report(
          'warning',
          `A change overwrites an edit of the rules file that is not in force. A copy of the edit is kept: ${copy}.`,
        ),
    });
    this.#audit = new AuditLog(options.paths.audit);
    this.#dryRuns = new DryRuns((isWanted) => {
      options.wantRows(isWanted);
      this.#maintenance?.plan();
    });
  }

  get rulesApi(): RulesApi {
    if (this.#rulesApi === undefined) throw new Error('the program is not loaded yet');
    return this.#rulesApi;
  }

  /**
   * Puts the stored rules in force, before the program is attached. Throws SetupError if there are rules, but none that
   * can be used.
   */
  async loaded(target: CompileTarget, kernel: RuleKernel & KernelReader): Promise<void> {
    const start = await readOrFail(this.#store, this.#compiler, this.#options.paths);
    const enforcement = new Enforcement(kernel, this.#compiler, target);
    this.#enforcement = enforcement;
    enforcement.bans = this.#options.bans().slice(-maxBans(target.counterSlots));
    enforcement.totals.resume(readCounts(this.#options.paths.counts), target.counters ?? new Map());
    const service = new RulesService({
      enforcement,
      store: this.#store,
      rulesFile: this.#options.paths.rules,
      audit: this.#audit,
      protectedNow: (ruleset, caller) => this.#protectedNow(ruleset, caller),
      confirmMs: this.#options.confirmMs,
      changed: () => {
        this.#maintenance?.plan();
        this.#storeCounts();
        this.#options.changed();
      },
      notice: this.#options.notice,
      enforced: (ruleset) => this.#pinning.follow({ ...ruleset, rules: [...ruleset.rules, ...enforcement.bans] }),
    });
    const interfaces = new Interfaces(target);
    this.#interfaces = interfaces;
    this.#tables = target.tables;
    this.#readBack = new ReadBack(kernel, this.#options.changed);
    this.#service = service;
    const parts = { service, store: this.#store, compiler: this.#compiler, notice: this.#options.notice };
    this.#files = new FollowedFiles(parts);
    this.#maintenance = new Maintenance({
      service,
      files: this.#files,
      isWanted: () => this.#dryRuns.isPlaying,
      ticked: (nowMs) => {
        if (nowMs - this.#reportedAt > REPORT_LATE_MS) this.#dryRuns.second(this.#seen, nowMs);
      },
    });
    this.#rulesApi = new RulesApi({
      service,
      audit: this.#audit,
      compiler: this.#compiler,
      snapshot: () => this.snapshot(),
      watched: () => this.#interfaces?.names,
      inForce: async () => {
        await this.#readBack?.read();
        return withBans(this.snapshot(), this.#options.bans());
      },
      levels: new LimitLevelsReader({
        image: () => enforcement.top.image,
        state: (slot) => kernel.limitState(slot),
        failed: this.#options.failed,
      }),
      dryRun: (request, caller) =>
        dryRun(request, caller, {
          service,
          enforcement,
          compiler: this.#dryRunCompiler,
          dryRuns: this.#dryRuns,
          slots: interfaces.slotsByIfindex,
        }),
      bans: this.#options.bans,
      proposePermits: (caller) =>
        this.#machine.proposePermits({
          top: enforcement.top,
          interfaces: enforcement.interfaces,
          protectedNow: this.#protectedNow(enforcement.top.ruleset, caller),
        }),
      failed: this.#options.failed,
    });
    await beginOrFail(service, start, this.#options.paths.rules);
    await this.#files.takeAll();
    this.#maintenance?.plan();
    this.#storeCounts();
    if (start.edited !== undefined && !service.alarms.all.some(({ code }) => code === 'rules_file')) {
      this.#report('info', 'The rules file was edited by hand; it is valid and in force.');
    }
  }

  /** The rules in force, and the addresses that must not be locked out, for a dry run over recorded packets. */
  dryRunContext(): { readonly current: Ruleset; readonly protectedNow: readonly Protected[] } {
    const { ruleset } = this.#service as RulesService;
    // The texts of lists are not needed, and long.
    const sets = new Map([...ruleset.sets].map(([name, set]) => [name, { ...set, text: undefined }]));
    return { current: { ...ruleset, sets }, protectedNow: this.#protectedNow(ruleset) };
  }

  /** Puts bans in force in place of the earlier ones. Rejects with a RulesRejection; those then stay. */
  changeBans(bans: readonly Rule[]): Promise<void> {
    return (this.#service as RulesService).changeBans(bans);
  }

  /** Ends bans at once. Rejects with the kernel's error; some may then have ended. `keepBans` follows. */
  endBans(ids: readonly number[]): Promise<void> {
    return (this.#service as RulesService).endBans(ids);
  }

  /** Lets bans that ended be in force again with the next `changeBans`. */
  resumeBans(ids: readonly number[]): void {
    (this.#service as RulesService).resumeBans(ids);
  }

  /** Sets the bans that later changes compile. */
  keepBans(bans: readonly Rule[]): void {
    (this.#service as RulesService).keepBans(bans);
  }

  /** The most bans that may be in force: rules need counters, too. */
  get maxBans(): number {
    return this.#enforcement === undefined ? MAX_BANS : maxBans(this.#enforcement.counterSlots);
  }

  /** The rules that decide about packets. */
  get ruleset(): Ruleset {
    return (this.#service as RulesService).ruleset;
  }

  /** The addresses that must not be locked out now. */
  protectedNow(): readonly Protected[] {
    return this.#protectedNow(this.ruleset);
  }

  /** Returns how many packets a rule or a ban has decided. */
  packetsOf(ruleId: number): number {
    return this.#enforcement?.totals.of(ruleId).packets ?? 0;
  }

  /** Adds permit rules for all packets of these sources, and returns their ids. Rejects with a RulesRejection. */
  async permit(sources: readonly string[], reason: string, who: CallerIdentity): Promise<readonly number[]> {
    const rules = sources.map((source) => ({ action: 'permit' as const, source, reason }));
    const { value } = await (this.#service as RulesService).ask(addingMany({ rules }, who));
    return value.rules.map(({ rule }) => rule.id);
  }

  /** Puts generations of the fleet in force. */
  get forFleet(): RulesService {
    return this.#service as RulesService;
  }

  /** Reads a list of the fleet. Rejects with a RulesRejection if a line cannot be read. */
  readList(set: string, text: string): Promise<NamedSet> {
    return readCopy(this.#compiler, set, text);
  }

  /** Records in the audit file that bans were undone. */
  auditUndo(who: CallerIdentity, why: string, rules: readonly Rule[]): void {
    (this.#service as RulesService).note({ what: 'undo_ban', who, why }, { rules: rules.slice(0, MAX_AUDITED) });
  }

  /** Records dry runs of limits. */
  tried(limits: readonly { readonly rule: LimitRule; readonly outcome: TrialOutcome }[]): void {
    for (const { rule, outcome } of limits) if (outcome.packets > 0) this.#service?.tried(rule, outcome);
  }

  /** Directory of the network tables in the namespace of the watched interfaces. */
  get tables(): string {
    return this.#tables;
  }

  /** Call it when the wall clock was set: rules may have expired earlier than planned. */
  clockSet(): void {
    this.#maintenance?.plan();
  }

  /** Pins program and maps from now on while rules may deny packets, so that they outlive the process. */
  pinBy(pin: Pin): Promise<void> {
    return this.#pinning.by(pin, (this.#service as RulesService).confirmed);
  }

  /** Listens for `packetlog rules`. */
  async serve(): Promise<void> {
    const { controlSocket } = this.#options.paths;
    try {
      this.#control = await serveControl(controlSocket, this.rulesApi, this.#options.loader);
      if (this.#control) return;
      this.#report(
        'warning',
        `Another loader answers at ${controlSocket}: packetlog rules reaches that loader, not this one.`,
      );
    } catch (error) {
      this.#report('warning', `packetlog rules cannot reach this loader: ${messageOf(error)}.`);
    }
  }

  snapshot(): RulesSnapshot {
    const service = this.#service as RulesService;
    const in_force = this.#readBack?.inForce;
    const snapshot = service.snapshot({
      enforcing: saysSomething(service.ruleset) && (in_force?.is_current ?? true),
      pinned: this.#pinning.path !== undefined,
      ...(in_force === undefined ? {} : { in_force }),
    });
    return withWarnings(snapshot, this.#interfaces?.names);
  }

  /** Returns the state of the rules without the rules themselves: its cost does not depend on their number. */
  state(): LoaderStatus['rules'] {
    const service = this.#service as RulesService;
    const { rules, defaultPolicy } = service.ruleset;
    const pending = service.pending;
    return {
      rules: rules.length,
      default_policy: defaultPolicy,
      in_force: this.#readBack?.inForce?.is_current ?? true,
      ...(pending === undefined ? {} : { pending: pending.why }),
      alarms: service.alarms.all.map(({ message }) => message),
    };
  }

  counts(counts: readonly RuleCount[]): void {
    const counted = this.#service?.counted(counts);
    if (counted === undefined || counted.moved.length === 0) return;
    const ofRules = counted.moved.filter(({ id }) => id < FIRST_BAN_RULE_ID);
    if (ofRules.length < counted.moved.length) this.#options.bansCounted();
    this.#options.counted(ofRules, counted.hits);
  }

  rows(bytes: Uint8Array, count: number, shape: RecordShapeOf): void {
    this.#dryRuns.rows(bytes, count, shape);
  }

  /** Handles a report of the drain thread: once a second, or less often while no packets arrive. */
  second(interfaces: Ledger['interfaces'], nowMs: number): void {
    this.#interfaces?.learn(interfaces);
    this.#reportedAt = nowMs;
    if (this.#interfaces) this.#service?.named(this.#interfaces.named);
    this.#dryRuns.second(this.#seen, nowMs);
    // Rejects if the drain thread has ended, which is reported elsewhere.
    if (this.#service && saysSomething(this.#service.ruleset)) this.#readBack?.read().catch(() => {});
  }

  /** Reads the rules file and the lists of all sets again. */
  async reload(): Promise<void> {
    await reload({
      service: this.#service as RulesService,
      store: this.#store,
      compiler: this.#compiler,
      files: this.#files,
      rulesFile: this.#options.paths.rules,
      report: (level, message) => this.#report(level, message),
    });
  }

  /** Stops serving and changing rules; the kernel keeps its rules. */
  async close(nowMs: number): Promise<void> {
    this.#maintenance?.end();
    this.#dryRuns.close(this.#seen, nowMs);
    this.#control?.closeAllConnections();
    if (this.#control) await new Promise((resolve) => this.#control?.close(resolve));
    await this.#service?.end();
    await this.#compiler.close();
    await this.#dryRunCompiler.close();
  }

  /** Stores the final counts. Call it after `close`, when counting has stopped or continues without this process. */
  finish(): void {
    this.#storeCounts();
  }

  /** Stores the counts by rule for the next loader: the kernel's counters continue, but belong to slots, not rules. */
  #storeCounts(): void {
    const service = this.#service;
    const hasRules = service !== undefined && service.ruleset.rules.length > 0;
    if (!hasRules && !existsSync(this.#options.paths.counts)) return;
    try {
      writeCounts(this.#options.paths.counts, service?.kept() ?? []);
    } catch (error) {
      this.#report('warning', `The rule counters cannot be saved: ${messageOf(error)}.`);
    }
  }

  #protectedNow(ruleset: Ruleset, caller?: CallerIdentity) {
    const { environment, servedPort, operators, protect } = this.#options;
    return gatherProtected({
      procNet: this.#tables,
      environment,
      operators: [...operators(), ...(caller?.address === undefined ? [] : [caller.address])],
      servedPort,
      protect: [...ruleset.protect, ...protect],
    });
  }

  get #seen(): number {
    return this.#interfaces?.seen ?? 0;
  }

  #report(level: Notice['level'], message: string): void {
    const code = level === 'info' ? 'rules_changed' : 'rules_fallback';
    this.#options.notice({ at_ms: Date.now(), level, code, message });
  }
}

function maxBans(counterSlots: number): number {
  return Math.min(MAX_BANS, Math.floor(counterSlots * BANS_SHARE));
}
