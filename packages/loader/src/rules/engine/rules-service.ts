/**
 * The one owner of the rules. A change is validated, judged by the nets, compiled, written, put in force, audited and
 * told, in this order and one at a time:
 *
 * - it would shut somebody protected out: refused, unless forced;
 * - it is risky: in force at once, in front of the confirmed rules, until it is confirmed or its time is over. The
 *   kernel itself keeps the time, and the file is not touched before;
 * - else it is written and in force when the answer comes.
 */
import type { Notice, RuleCounters, RulesSnapshot } from '@packetlog/common';
import type { RuleGround } from '../../drain/messages.ts';
import type { RuleCount } from '../../kernel/rule-counters.ts';
import type { AuditLog } from '../audit-log.ts';
import { describeSet } from '../book/describe-set.ts';
import { isExpired, type NamedSet, type RuleBook } from '../book/rule-book.ts';
import type { KeptCounts } from '../file/counts-file.ts';
import type { RuleStore } from '../file/rule-store.ts';
import type { Protected } from '../protect/protected.ts';
import { notFound } from '../refusal.ts';
import { type Change, expiring, LOADER, stepping, type Who } from './change.ts';
import { ChangeQueue, type Done, type Waiting } from './change-queue.ts';
import type { Enforcement, Held } from './enforcement.ts';
import { Execution, type ExecutionParts } from './execution.ts';
import { History, otherStep, toldStep } from './history.ts';
import { Journal } from './journal.ts';
import { Keeper } from './keeper.ts';
import { Pending } from './pending.ts';

export interface RulesServiceOptions extends Pick<ExecutionParts, 'enforcement' | 'protectedNow' | 'confirmMs'> {
  readonly store: Pick<RuleStore, 'save'>;
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
  readonly #keeper: Keeper;
  readonly #execution: Execution;
  readonly #journal: Journal;
  readonly #history = new History();
  readonly #pending = new Pending();
  #revision = 0;
  #isEnding = false;

  constructor(options: RulesServiceOptions) {
    this.#options = options;
    this.#enforcement = options.enforcement;
    this.#keeper = new Keeper(options.store, options.enforcement, options.enforced);
    this.#journal = new Journal(options.audit, options.notice);
    this.#execution = new Execution({
      enforcement: this.#enforcement,
      keeper: this.#keeper,
      history: this.#history,
      pending: this.#pending,
      protectedNow: options.protectedNow,
      confirmMs: options.confirmMs,
      timeIsOver: () => this.#timeIsOver(),
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

  /** Puts what was confirmed before this start in force; no net is asked again. */
  async begin(book: RuleBook): Promise<void> {
    await this.#queue.run(async () => {
      await this.#enforcement.withdraw();
      await this.#enforcement.confirm(await this.#enforcement.compile(book));
      await this.#options.enforced?.(book);
      this.#revision++;
    });
  }

  /** Resolves when it is in force; rejects with a RulesRefusal. */
  ask<Value>(change: Change<Value>): Promise<Done<Value>> {
    return this.#queue.ask(change);
  }

  /** What waits stays, and is written. */
  confirm(who: Who): Promise<number> {
    return this.#queue.run(async () => {
      const { provisional, confirmed } = this.#enforcement;
      if (!this.#pending.isThere || provisional === undefined) {
        throw notFound('Nothing waits to be confirmed. It may have reverted already; see: packetlog rules audit.');
      }
      const { step, told } = this.#pending;
      await this.#keeper.confirm(provisional);
      await this.#enforcement.withdraw();
      this.#pending.end();
      if (step !== undefined) this.#history.push({ ...step, back: confirmed.book });
      this.note({ what: 'confirm', who, why: told?.why ?? '' });
      return this.#tell();
    });
  }

  revert(who: Who): Promise<number> {
    return this.#queue.run(() => {
      if (this.#pending.step !== undefined) return this.#revert(who, this.#pending.step.what);
      throw notFound('Nothing waits to be confirmed. To undo the last change: packetlog rules undo.');
    });
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

  /** Who would be shut out, and is not now. */
  lockouts(held: Held): readonly Protected[] {
    return this.#execution.lockouts(held);
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

  /** What the interfaces are called now. */
  named(interfaces: RuleGround['interfaces']): void {
    if (this.#isEnding || !this.#enforcement.rename(interfaces)) return;
    this.#journal.watch(
      'Compiling the rules for renamed interfaces',
      this.#queue.run(() => this.#compileAgain()),
    );
  }

  /** What the kernel's counters stand at; gives what moved. */
  counted(counts: readonly RuleCount[]): RuleCounters {
    this.#enforcement.totals.add(counts);
    return this.#enforcement.totals.moved();
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

  /** A set was read again from its file: undoing a change does not bring the old one back. */
  refreshed(set: NamedSet): void {
    this.#history.refreshed(set);
  }

  snapshot(facts: Pick<RulesSnapshot, 'enforcing' | 'pinned'>): RulesSnapshot {
    const { defaultPolicy, rules, sets } = this.book;
    const nowMs = Date.now();
    const pending = this.#pending.told;
    const last = this.#pending.step ?? this.#history.last;
    const undone = this.#pending.isThere ? undefined : this.#history.lastUndone;
    return {
      revision: this.#revision,
      default_policy: defaultPolicy,
      rules: rules
        .filter((rule) => !isExpired(rule, nowMs))
        .map((rule) => ({ ...rule, ...this.#enforcement.totals.of(rule.id) })),
      sets: [...sets.values()].map(describeSet),
      ...(pending && { pending }),
      ...(last && { last_change: toldStep(last) }),
      ...(undone && { undone: toldStep(undone) }),
      ...facts,
    };
  }

  /** Resolves when nothing is under way. What is provisional reverts by itself. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#pending.end();
    await this.#queue.run(async () => {});
  }

  async #do(batch: readonly Waiting[]): Promise<void> {
    const { applied, differs, risk } = await this.#execution.carryOut(batch, this.#revision);
    if (differs) {
      for (const { waiting, outcome } of applied) {
        this.#journal.record(this.#revision + 1, waiting.change, outcome, risk);
      }
      this.#tell();
    }
    const told = { revision: this.#revision, pending: this.#pending.told };
    for (const { waiting, outcome } of applied) waiting.done({ value: outcome.value, ...told });
  }

  #timeIsOver(): void {
    const over = this.#pending.told;
    const revert = async () => {
      // Confirmed, reverted or prolonged in the meantime.
      if (over === undefined || this.#pending.told?.until_ms !== over.until_ms || this.#isEnding) return;
      await this.#revert(LOADER, 'nobody confirmed it in time');
      this.#journal.notice(
        'rules_reverted',
        'warning',
        `The change was reverted: nobody confirmed it in time. ${over.why}`,
      );
    };
    this.#journal.watch('Reverting', this.#queue.run(revert));
  }

  async #revert(who: Who, why: string): Promise<number> {
    await this.#enforcement.withdraw();
    this.#pending.end();
    this.note({ what: 'revert', who, why });
    return this.#tell();
  }

  async #compileAgain(): Promise<void> {
    const { confirmed, provisional } = this.#enforcement;
    await this.#enforcement.confirm(await this.#enforcement.compile(confirmed.book));
    if (provisional === undefined || !this.#pending.isThere) return;
    await this.#enforcement.provide(await this.#enforcement.compile(provisional.book), this.#pending.untilMonoNs);
  }

  #tell(): number {
    this.#revision++;
    this.#options.changed();
    return this.#revision;
  }
}
