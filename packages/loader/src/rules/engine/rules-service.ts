/**
 * The one owner of the rules: what is asked for goes through the pipeline, one change at a time, and what comes of it is
 * audited and told to clients.
 */
import type { Notice, RuleCounters, RulesSnapshot } from '@packetlog/common';
import type { RuleGround } from '../../drain/messages.ts';
import type { RuleHits } from '../../history/history.ts';
import type { RuleCount } from '../../kernel/rule-counters.ts';
import type { AuditLog } from '../audit-log.ts';
import { isExpired, type NamedSet, type RuleBook } from '../book/rule-book.ts';
import type { KeptCounts } from '../file/counts-file.ts';
import type { Protected } from '../protect/protected.ts';
import { Alarms } from './alarms.ts';
import { type Change, expiring, LOADER, stepping, type Who } from './change.ts';
import { ChangeQueue, type Done, type Waiting } from './change-queue.ts';
import type { Enforcement, Held } from './enforcement.ts';
import { contentNow, FileLoads, type FileLoadsParts } from './file-loads.ts';
import { History, otherStep } from './history.ts';
import { Journal } from './journal.ts';
import { LookAhead } from './look-ahead.ts';
import { LostLists } from './lost-lists.ts';
import { Pending } from './pending.ts';
import { Pipeline, type PipelineParts } from './pipeline.ts';
import { snapshotOf } from './snapshot.ts';
import { lockouts } from './stages/guard.ts';
import type { Applied } from './stages/propose.ts';
import { settle } from './stages/publish.ts';
import type { Start } from './start.ts';
import { WaitingChange } from './waiting-change.ts';

type Store = PipelineParts['store'] & FileLoadsParts['store'];

export interface RulesServiceOptions
  extends Pick<PipelineParts, 'enforcement' | 'protectedNow' | 'confirmMs'>,
    Pick<FileLoadsParts, 'rulesFile'> {
  readonly store: Store;
  readonly audit: Pick<AuditLog, 'append'>;
  /** The snapshot differs. */
  readonly changed: () => void;
  readonly notice: (notice: Notice) => void;
  /** These were confirmed and are in force. */
  readonly enforced?: (book: RuleBook) => Promise<void>;
}

export class RulesService {
  readonly #options: RulesServiceOptions;
  readonly #enforcement: Enforcement;
  readonly #queue = new ChangeQueue((batch) => this.#do(batch));
  readonly #pipeline: Pipeline;
  readonly #parts: PipelineParts;
  readonly #journal: Journal;
  readonly #history = new History();
  readonly #pending = new Pending();
  /** A change is told with the alarms that it raises and ends. */
  readonly alarms = new Alarms(() => {
    this.#isUntold = true;
    if (!this.#isChanging) this.#tell();
  });
  readonly #files: FileLoads;
  readonly #ahead: LookAhead;
  readonly #lost: LostLists;
  readonly #waiting: WaitingChange;
  #revision = 0;
  #isEnding = false;
  #isChanging = false;
  #isUntold = false;
  /** The rules are compiled for names that interfaces had before. */
  #hasOldNames = false;

  constructor(options: RulesServiceOptions) {
    this.#options = options;
    this.#enforcement = options.enforcement;
    this.#journal = new Journal(options.audit, options.notice, this.alarms);
    this.#parts = {
      enforcement: this.#enforcement,
      store: options.store,
      history: this.#history,
      pending: this.#pending,
      protectedNow: options.protectedNow,
      confirmMs: options.confirmMs,
      timeIsOver: () => this.#timeIsOver(),
      enforced: options.enforced ?? (async () => {}),
      wrote: () => this.alarms.end('rules_file'),
      notWritten: (message) => this.#files.rejected(message),
      isLost: (set) => this.#lost.has(set),
      reverted: (why, isFromFile) => this.#waiting.fell(why, isFromFile),
      notKept: (problem) => this.#files.notKept(problem),
    };
    this.#pipeline = new Pipeline(this.#parts);
    this.#lost = new LostLists(this.alarms, this.#journal);
    this.#ahead = new LookAhead(this.#parts, this.alarms, this.#journal);
    this.#files = new FileLoads({
      store: options.store,
      rulesFile: options.rulesFile,
      alarms: this.alarms,
      journal: this.#journal,
      confirmed: () => this.confirmed,
      make: (change) => this.#make(change),
      note: (about) => this.note(about),
    });
    this.#waiting = new WaitingChange({
      pipeline: this.#parts,
      files: this.#files,
      fileAgrees: (book) => options.store.fileAgrees(book),
      journal: this.#journal,
      note: (about) => this.note(about),
      changed: () => {
        this.#ahead.look();
        this.#lost.look(this.book.sets.values());
        return this.#tell();
      },
    });
  }

  /** The rules as packets are judged by now, provisional ones included. */
  get book(): RuleBook {
    return this.#enforcement.top.book;
  }

  /** Those that stay when what is provisional reverts. */
  get confirmed(): RuleBook {
    return this.#enforcement.confirmed.book;
  }

  get revision(): number {
    return this.#revision;
  }

  /**
   * What was accepted before goes in force first; then an edit of it passes as any other change. Rejects with a
   * RulesRefusal if the edit is rejected and nothing was in force before it.
   */
  async begin({ base, from, edited, fileAlarm, lost }: Start): Promise<void> {
    await this.#queue.run(async () => {
      await this.#enforcement.withdraw();
      const held = await this.#enforcement.compile(base);
      if (from === 'file') await settle(this.#parts, held, { fileSaysIt: true });
      else {
        await this.#enforcement.confirm(held);
        await this.#parts.enforced(base);
      }
      this.#revision++;
    });
    this.#lost.found(lost);
    if (fileAlarm !== undefined) this.#files.rejected(fileAlarm);
    if (edited !== undefined) {
      const outcome = await this.#queue.run(() => this.#files.atStart(edited)).catch((error: unknown) => error);
      if (outcome instanceof Error && from === 'nothing') throw outcome;
    }
    this.#ahead.look();
  }

  /**
   * The rules file of a running loader. `read` is called in its turn, so that no change is written between the reading
   * and what comes of it. Undefined: `read` gave nothing. Rejects with a RulesRefusal; an alarm says so, too.
   */
  load(read: () => Promise<RuleBook | undefined>, why: string): Promise<Done<undefined> | undefined> {
    return this.#queue.run(async () => {
      const book = await read();
      if (book === undefined) return undefined;
      const isUnchanged = contentNow(book) === contentNow(this.confirmed);
      // What waits for a word is not in the file, and goes on waiting.
      if (isUnchanged && this.#pending.isThere) {
        this.#pending.fileWaits(undefined);
        this.#files.agrees(book);
        return { value: undefined, revision: this.#revision, pending: undefined };
      }
      return await this.#files.load(book, why);
    });
  }

  /** The rules file cannot be read: an alarm, until it can. */
  fileRejected(message: string): void {
    this.#files.rejected(message);
  }

  /** Resolves when it is in force; rejects with a RulesRefusal. */
  ask<Value>(change: Change<Value>): Promise<Done<Value>> {
    return this.#queue.ask(change);
  }

  /** What would come of a change in its turn; nothing changes. Rejects with a RulesRefusal. */
  check<Value>(change: Change<Value>): Promise<{ value: Value; risk: string | undefined }> {
    return this.#queue.run(() => this.#pipeline.check(change));
  }

  /** What waits stays, and is written. */
  confirm(who: Who): Promise<number> {
    return this.#queue.run(() => this.#waiting.confirm(who));
  }

  revert(who: Who): Promise<number> {
    return this.#queue.run(() => this.#waiting.revert(who));
  }

  /** Undoes the last change, or what waits to be confirmed. `id`: only if that is this one. */
  async undo(who: Who, id?: number): Promise<Done<{ undone: string }>> {
    const pending = this.#pending.step;
    if (pending !== undefined) {
      if (id !== undefined && id !== pending.id) throw otherStep(pending);
      return { value: { undone: pending.what }, revision: await this.revert(who), pending: undefined };
    }
    const step = this.#history.requireLast(id ?? this.#history.last?.id ?? 0);
    // Changes that are on their way already come first, and then this is not the last one.
    const undo = stepping(
      `undo of ${step.what}`,
      () => this.#history.requireLast(step.id),
      (now, revision) => this.#history.undid(now, { who, at_ms: Date.now(), revision }),
      who,
    );
    const { value, ...rest } = await this.ask(undo);
    return { value: { undone: value }, ...rest };
  }

  /** Does again what was undone last, if nothing else was changed since. `id`: only if that is this one. */
  async redo(who: Who, id?: number): Promise<Done<{ redone: string }>> {
    const step = this.#history.requireUndone(id ?? this.#history.lastUndone?.id ?? 0);
    const redo = stepping(
      `redo of ${step.what}`,
      () => this.#history.requireUndone(step.id),
      (now, revision) => this.#history.redid(now, { who, at_ms: Date.now(), revision }),
      who,
    );
    const { value, ...rest } = await this.ask(redo);
    return { value: { redone: value }, ...rest };
  }

  /** The protected addresses that would be locked out, and are not now. */
  lockouts(held: Held): readonly Protected[] {
    return lockouts(this.#parts, this.#enforcement.top, held);
  }

  /** Call it when a rule may be over: the kernel passes it by already, here it goes from the file. */
  tick(): void {
    if (this.#isEnding) return;
    const nowMs = Date.now();
    const { confirmed, provisional } = this.#enforcement;
    if ([confirmed, provisional].some((held) => held?.book.rules.some((rule) => isExpired(rule, nowMs)))) {
      this.#journal.watch('Removing rules that are over', this.ask(expiring(LOADER)));
    }
  }

  /** What the ends of permits will do, at this moment. */
  lookAhead(): void {
    this.#ahead.look();
  }

  /** What the interfaces are called now. */
  named(interfaces: RuleGround['interfaces']): void {
    if (this.#isEnding || !(this.#enforcement.rename(interfaces) || this.#hasOldNames)) return;
    this.#hasOldNames = false;
    const again = this.#queue.run(() => this.#compileAgain());
    again.catch(() => {
      this.#hasOldNames = true;
    });
    this.#journal.watch('Compiling the rules for renamed interfaces', again);
  }

  /** What the kernel's counters stand at; gives what moved, and by how much. */
  counted(counts: readonly RuleCount[]): { moved: RuleCounters; hits: readonly RuleHits[] } {
    const { totals } = this.#enforcement;
    totals.add(counts);
    return { moved: totals.moved(), hits: totals.hits() };
  }

  /** What the rules counted, for the next loader. */
  kept(): KeptCounts {
    const { confirmed, provisional, totals } = this.#enforcement;
    const ids = [confirmed, provisional].flatMap((held) => held?.book.rules.map(({ id }) => id) ?? []);
    const known = new Set([...ids, ...this.#history.ruleIds()]);
    totals.keepOnly(known);
    return totals.kept(new Set(ids));
  }

  /** Audits something that was no change asked for. */
  note(about: Pick<Change<unknown>, 'what' | 'who' | 'why'>): void {
    this.#journal.record(this.#revision + 1, about);
  }

  /** Whether the list of this set is what is left of one that was lost on the disk. */
  isLost(set: NamedSet): boolean {
    return this.#lost.has(set);
  }

  /** A set was read again from its file: undoing a change does not bring the old one back. */
  refreshed(set: NamedSet): void {
    this.#history.refreshed(set);
  }

  snapshot(facts: Pick<RulesSnapshot, 'enforcing' | 'pinned' | 'in_force'>): RulesSnapshot {
    const { totals, top } = this.#enforcement;
    const pending = this.#pending.told;
    return snapshotOf({
      ...facts,
      revision: this.#revision,
      book: top.book,
      totals,
      pending,
      lastChange: this.#pending.step ?? this.#history.last,
      undone: this.#pending.isThere ? undefined : this.#history.lastUndone,
      alarms: this.alarms.all,
    });
  }

  /** Resolves when nothing is under way. The kernel reverts what waits when its lease ends. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#pending.end();
    await this.#queue.run(async () => {});
  }

  /** Within a turn. */
  #make<Value>(change: Change<Value>): Promise<Done<Value>> {
    return new Promise((resolve, reject) => {
      const done = (told: Done<unknown>) => resolve(told as Done<Value>);
      this.#do([{ change, done, refuse: reject }]).catch(reject);
    });
  }

  async #do(batch: readonly Waiting[]): Promise<void> {
    const changes = batch.map(({ change }) => change);
    this.#isChanging = true;
    try {
      const passed = await this.#pipeline.run(changes, this.#revision);
      const { applied, differs, risk, waits } = passed;
      const ahead = differs ? this.#changed(applied, risk) : undefined;
      const warning = [passed.warning, ahead].filter(Boolean).join(' ') || undefined;
      const told = { revision: this.#revision, pending: waits ? this.#pending.told : undefined, warning };
      for (const [i, { outcome }] of applied.entries()) batch[i]?.done({ value: outcome.value, ...told });
    } finally {
      this.#isChanging = false;
      if (this.#isUntold) this.#tell();
    }
  }

  /** The last stage, audit: on record, told to clients, alarms as they are now. Gives what will follow from it later. */
  #changed(applied: readonly Applied[], risk: string | undefined): string | undefined {
    const warning = this.#ahead.look(applied.at(-1)?.change.who);
    for (const { change, before, outcome } of applied) {
      // The alarm is about a list that this one replaces.
      for (const [name, set] of outcome.book.sets) {
        if (before.sets.get(name) !== set) this.alarms.end(`set_file ${name}`);
      }
      this.#journal.record(this.#revision + 1, change, outcome, risk);
    }
    this.alarms.keepSets((name) => this.book.sets.has(name));
    this.#lost.look(this.book.sets.values());
    this.#tell();
    return warning;
  }

  #timeIsOver(): void {
    const { lease } = this.#pending;
    const revert = async () => {
      if (!this.#isEnding) await this.#waiting.timeIsOver(lease);
    };
    this.#journal.watch('Reverting', this.#queue.run(revert));
  }

  async #compileAgain(): Promise<void> {
    const { confirmed, provisional } = this.#enforcement;
    await this.#enforcement.confirm(await this.#enforcement.compile(confirmed.book));
    if (provisional === undefined || !this.#pending.isThere) return;
    await this.#enforcement.provide(await this.#enforcement.compile(provisional.book), this.#pending.untilMonoNs);
  }

  #tell(): number {
    this.#isUntold = false;
    this.#revision++;
    this.#options.changed();
    return this.#revision;
  }
}
