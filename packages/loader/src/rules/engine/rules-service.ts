/**
 * Owns the rules: sends each request through the pipeline, one change at a time, audits the outcome and updates clients.
 */
import type { AuditEntry, PendingChange, Rule, RuleCounters, RulesResults, RulesSnapshot } from '@packetlog/common';
import type { CompileTarget } from '../../ipc/messages.ts';
import type { RuleCount, RuleHits } from '../../ipc/rule-counts.ts';
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import type { Pending } from '../ruleset/pending.ts';
import { isExpired, type NamedSet, type Ruleset } from '../ruleset/ruleset.ts';
import type { LimitRule, TrialOutcome } from '../safety/limit-trials.ts';
import type { Protected } from '../safety/protected-sources.ts';
import type { KeptCounts } from '../store/counts-file.ts';
import type { Alarms } from './alarms.ts';
import { type About, assemble, type Engine, type RulesServiceOptions } from './assemble.ts';
import { type Change, expiring, LOADER } from './change.ts';
import { changeBans } from './change-bans.ts';
import type { Done } from './change-queue.ts';
import type { CompiledRuleset } from './enforcement.ts';
import { lockouts } from './guard.ts';
import { putBase } from './publish.ts';
import { snapshotOf } from './snapshot.ts';
import type { Start } from './start.ts';

export type { RulesServiceOptions };

export class RulesService {
  readonly #options: RulesServiceOptions;
  readonly #engine: Engine;
  #revision = 0;
  #isEnding = false;

  constructor(options: RulesServiceOptions) {
    this.#options = options;
    this.#engine = assemble(options, {
      revision: () => this.#revision,
      report: () => this.#report(),
      timeIsOver: () => this.#timeIsOver(),
    });
  }

  /** The change that waits to be confirmed; undefined if there is none. */
  get pending(): PendingChange | undefined {
    return this.#engine.pending.forClients;
  }

  /** The generation of the fleet that waits to be confirmed. `isAlone`: no other risky change waits with it. */
  get pendingGeneration(): Pending['generation'] {
    return this.#engine.pending.generation;
  }

  get alarms(): Alarms {
    return this.#engine.alarms;
  }

  /** The rules that decide about packets: the provisional ones if there are any, otherwise the confirmed ones. */
  get ruleset(): Ruleset {
    return this.#options.enforcement.top.ruleset;
  }

  /** The rules that stay when the provisional ones revert. */
  get confirmed(): Ruleset {
    return this.#options.enforcement.confirmed.ruleset;
  }

  get revision(): number {
    return this.#revision;
  }

  /**
   * Puts the previously accepted rules in force, then sends an edit of them through the pipeline. Rejects with a
   * RulesRejection if the edit is rejected and no earlier rules were in force.
   */
  async begin(start: Start): Promise<void> {
    await this.#engine.queue.run(() => putBase(this.#engine.parts, start));
    this.#revision++;
    this.#engine.lost.found(start.lost);
    await this.#engine.queue.run(() => this.#engine.files.evaluateEdit(start));
    this.#engine.forecast.check();
  }

  /**
   * Loads the rules file of a running loader. `read` is called in its turn, so that no change is written between
   * reading and loading. Resolves with undefined if `read` returned nothing. Rejects with a RulesRejection and raises
   * an alarm.
   */
  load(read: () => Promise<Ruleset | undefined>, why: string): Promise<Done<undefined> | undefined> {
    return this.#engine.queue.run(async () => {
      const ruleset = await read();
      return ruleset && (await this.#engine.files.loadAgain(ruleset, why));
    });
  }

  /** Raises an alarm until the rules file can be read. */
  fileRejected(message: string): void {
    this.#engine.files.rejected(message);
  }

  /** Resolves when the change is in force; rejects with a RulesRejection. */
  ask<Value>(change: Change<Value>): Promise<Done<Value>> {
    return this.#engine.queue.ask(change);
  }

  /** Replaces the bans in force, in its turn. Rejects with a RulesRejection; the current ones then stay in force. */
  changeBans(bans: readonly Rule[]): Promise<void> {
    return this.#engine.queue.run(() => changeBans(this.#engine.parts, bans));
  }

  /**
   * Ends bans in the kernel at once, without waiting for the changes before it. Later changes still compile them: `keepBans`
   * ends that. Rejects with the kernel's error; some may then have ended.
   */
  endBans(ids: readonly number[]): Promise<void> {
    return this.#options.enforcement.endBans(ids);
  }

  /** Lets bans that ended be in force again with the next `changeBans`. */
  resumeBans(ids: readonly number[]): void {
    this.#options.enforcement.resumeBans(ids);
  }

  /** Sets the bans that later changes compile, where others have ended. */
  keepBans(bans: readonly Rule[]): void {
    this.#options.enforcement.bans = bans;
  }

  /** Returns the outcome of a change in its turn without making it. Rejects with a RulesRejection. */
  check<Value>(change: Change<Value>): Promise<{ value: Value; risk: string | undefined }> {
    return this.#engine.queue.run(() => this.#engine.pipeline.check(change));
  }

  /** Confirms the pending change and writes it. */
  confirm(caller: CallerIdentity): Promise<RulesResults['confirm']> {
    return this.#engine.queue.run(() => this.#engine.waiting.confirm(caller));
  }

  revert(caller: CallerIdentity): Promise<number> {
    return this.#engine.queue.run(() => this.#engine.waiting.revert(caller));
  }

  /** Undoes the last change, or the pending one. With `id`, only that change. */
  undo(caller: CallerIdentity, id?: number): Promise<Done<{ undone: string }>> {
    return this.#engine.undo.undo(caller, id);
  }

  /** Redoes the change undone last, if nothing else has changed since. With `id`, only that change. */
  redo(caller: CallerIdentity, id?: number): Promise<Done<{ redone: string }>> {
    return this.#engine.undo.redo(caller, id);
  }

  /** Records the dry run of a limit, which may then be enforced. */
  tried(rule: LimitRule, outcome: TrialOutcome): void {
    this.#options.enforcement.trials.tried(rule, outcome);
  }

  /** Returns the protected addresses that `compiled` would lock out and the rules in force do not. */
  lockouts(compiled: CompiledRuleset): readonly Protected[] {
    return lockouts(this.#engine.parts, this.#options.enforcement.top, compiled);
  }

  /** Removes expired rules from the file; the kernel already skips them. Call it when a rule may have expired. */
  tick(): void {
    if (this.#isEnding) return;
    const nowMs = Date.now();
    const { confirmed, provisional } = this.#options.enforcement;
    if ([confirmed, provisional].some((compiled) => compiled?.ruleset.rules.some((rule) => isExpired(rule, nowMs)))) {
      this.#engine.journal.watch('Removing expired rules', this.ask(expiring(LOADER)));
    }
  }

  /** Checks whether the expiry of a permit rule will lock out a protected address. */
  checkExpiringPermits(): void {
    this.#engine.forecast.check();
  }

  /** Updates the names of the interfaces. */
  named(interfaces: CompileTarget['interfaces']): void {
    if (!this.#isEnding) this.#engine.names.are(interfaces);
  }

  /** Updates the totals from the kernel's counters. Returns the rules whose counters changed, and by how much. */
  counted(counts: readonly RuleCount[]): { moved: RuleCounters; hits: readonly RuleHits[] } {
    return this.#options.enforcement.counted(counts);
  }

  /** Returns the counts of the rules, to store for the next loader. */
  kept(): KeptCounts {
    return this.#options.enforcement.keptCounts(this.#engine.history.ruleIds());
  }

  /** Audits an event that is not a requested change. `before`: what it affected. */
  note(about: About, before?: AuditEntry['before']): void {
    this.#engine.note(about, before);
  }

  /** Returns whether the set has only the rest of a list that was lost on the disk. */
  isLost(set: NamedSet): boolean {
    return this.#engine.lost.has(set);
  }

  /** Records that a set was read again from its file, so that undo does not restore the old list. */
  refreshed(set: NamedSet): void {
    this.#engine.history.refreshed(set);
  }

  snapshot(facts: Pick<RulesSnapshot, 'enforcing' | 'pinned' | 'in_force'>): RulesSnapshot {
    const { totals, top } = this.#options.enforcement;
    const pending = this.#engine.pending.forClients;
    return snapshotOf({
      ...facts,
      revision: this.#revision,
      ruleset: top.ruleset,
      totals,
      pending,
      lastChange: this.#engine.pending.step ?? this.#engine.history.last,
      undone: this.#engine.pending.isThere ? undefined : this.#engine.history.lastUndone,
      alarms: this.alarms.all,
    });
  }

  /** Resolves when no change is running. The kernel reverts a pending change when its lease ends. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#engine.pending.end();
    await this.#engine.queue.run(async () => {});
  }

  #timeIsOver(): void {
    const { lease } = this.#engine.pending;
    const revert = async () => {
      if (!this.#isEnding) await this.#engine.waiting.timeIsOver(lease);
    };
    this.#engine.journal.watch('Reverting', this.#engine.queue.run(revert));
  }

  #report(): number {
    this.#revision++;
    this.#options.changed();
    return this.#revision;
  }
}
