/**
 * The one owner of the rules: what is asked for goes through the pipeline, one change at a time, and what comes of it is
 * audited and told to clients.
 */
import type { RuleCounters, RulesResults, RulesSnapshot } from '@packetlog/common';
import type { CompileTarget } from '../../ipc/messages.ts';
import type { RuleCount, RuleHits } from '../../ipc/rule-counts.ts';
import type { Who } from '../../ipc/rules-access.ts';
import { isExpired, type NamedSet, type Ruleset } from '../ruleset/ruleset.ts';
import type { Protected } from '../safety/protected-sources.ts';
import type { KeptCounts } from '../store/counts-file.ts';
import type { Alarms } from './alarms.ts';
import { type About, assemble, type Engine, type RulesServiceOptions } from './assemble.ts';
import { type Change, expiring, LOADER } from './change.ts';
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
      tell: () => this.#tell(),
      timeIsOver: () => this.#timeIsOver(),
    });
  }

  get alarms(): Alarms {
    return this.#engine.alarms;
  }

  /** The rules as packets are judged by now, provisional ones included. */
  get ruleset(): Ruleset {
    return this.#options.enforcement.top.ruleset;
  }

  /** Those that stay when what is provisional reverts. */
  get confirmed(): Ruleset {
    return this.#options.enforcement.confirmed.ruleset;
  }

  get revision(): number {
    return this.#revision;
  }

  /**
   * What was accepted before goes in force first; then an edit of it passes as any other change. Rejects with a
   * RulesRejection if the edit is rejected and nothing was in force before it.
   */
  async begin(start: Start): Promise<void> {
    await this.#engine.queue.run(() => putBase(this.#engine.parts, start));
    this.#revision++;
    this.#engine.lost.found(start.lost);
    await this.#engine.queue.run(() => this.#engine.files.judgeEdit(start));
    this.#engine.ahead.look();
  }

  /**
   * The rules file of a running loader. `read` is called in its turn, so that no change is written between the reading
   * and what comes of it. Undefined: `read` gave nothing. Rejects with a RulesRejection; an alarm says so, too.
   */
  load(read: () => Promise<Ruleset | undefined>, why: string): Promise<Done<undefined> | undefined> {
    return this.#engine.queue.run(async () => {
      const ruleset = await read();
      return ruleset && (await this.#engine.files.loadAgain(ruleset, why));
    });
  }

  /** The rules file cannot be read: an alarm, until it can. */
  fileRejected(message: string): void {
    this.#engine.files.rejected(message);
  }

  /** Resolves when it is in force; rejects with a RulesRejection. */
  ask<Value>(change: Change<Value>): Promise<Done<Value>> {
    return this.#engine.queue.ask(change);
  }

  /** What would come of a change in its turn; nothing changes. Rejects with a RulesRejection. */
  check<Value>(change: Change<Value>): Promise<{ value: Value; risk: string | undefined }> {
    return this.#engine.queue.run(() => this.#engine.pipeline.check(change));
  }

  /** What waits stays, and is written. */
  confirm(who: Who): Promise<RulesResults['confirm']> {
    return this.#engine.queue.run(() => this.#engine.waiting.confirm(who));
  }

  revert(who: Who): Promise<number> {
    return this.#engine.queue.run(() => this.#engine.waiting.revert(who));
  }

  /** Undoes the last change, or what waits to be confirmed. `id`: only if that is this one. */
  undo(who: Who, id?: number): Promise<Done<{ undone: string }>> {
    return this.#engine.undo.undo(who, id);
  }

  /** Does again what was undone last, if nothing else was changed since. `id`: only if that is this one. */
  redo(who: Who, id?: number): Promise<Done<{ redone: string }>> {
    return this.#engine.undo.redo(who, id);
  }

  /** The protected addresses that would be locked out, and are not now. */
  lockouts(held: CompiledRuleset): readonly Protected[] {
    return lockouts(this.#engine.parts, this.#options.enforcement.top, held);
  }

  /** Call it when a rule may be over: the kernel passes it by already, here it goes from the file. */
  tick(): void {
    if (this.#isEnding) return;
    const nowMs = Date.now();
    const { confirmed, provisional } = this.#options.enforcement;
    if ([confirmed, provisional].some((held) => held?.ruleset.rules.some((rule) => isExpired(rule, nowMs)))) {
      this.#engine.journal.watch('Removing rules that are over', this.ask(expiring(LOADER)));
    }
  }

  /** What the ends of permits will do, at this moment. */
  lookAhead(): void {
    this.#engine.ahead.look();
  }

  /** What the interfaces are called now. */
  named(interfaces: CompileTarget['interfaces']): void {
    if (!this.#isEnding) this.#engine.names.are(interfaces);
  }

  /** What the kernel's counters stand at; gives what moved, and by how much. */
  counted(counts: readonly RuleCount[]): { moved: RuleCounters; hits: readonly RuleHits[] } {
    return this.#options.enforcement.counted(counts);
  }

  /** What the rules counted, for the next loader. */
  kept(): KeptCounts {
    return this.#options.enforcement.keptCounts(this.#engine.history.ruleIds());
  }

  /** Audits something that was no change asked for. */
  note(about: About): void {
    this.#engine.note(about);
  }

  /** Whether the list of this set is what is left of one that was lost on the disk. */
  isLost(set: NamedSet): boolean {
    return this.#engine.lost.has(set);
  }

  /** A set was read again from its file: undoing a change does not bring the old one back. */
  refreshed(set: NamedSet): void {
    this.#engine.history.refreshed(set);
  }

  snapshot(facts: Pick<RulesSnapshot, 'enforcing' | 'pinned' | 'in_force'>): RulesSnapshot {
    const { totals, top } = this.#options.enforcement;
    const pending = this.#engine.pending.told;
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

  /** Resolves when nothing is under way. The kernel reverts what waits when its lease ends. */
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

  #tell(): number {
    this.#revision++;
    this.#options.changed();
    return this.#revision;
  }
}
