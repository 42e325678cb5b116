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
import { lockedOut } from '../protect/lockout.ts';
import type { Protected } from '../protect/protected.ts';
import { riskOf } from '../protect/risk.ts';
import { invalid, notFound, RulesRefusal } from '../refusal.ts';
import { type Change, expiring, LOADER, type Outcome, undoing, type Who } from './change.ts';
import { ChangeQueue, type Done, type Waiting } from './change-queue.ts';
import type { Enforcement, Held } from './enforcement.ts';
import { History } from './history.ts';
import { Journal } from './journal.ts';
import { Keeper } from './keeper.ts';
import { Pending } from './pending.ts';
import { asRefusal, changeWords, lockoutRefusal } from './words.ts';

export interface RulesServiceOptions {
  readonly enforcement: Enforcement;
  readonly store: Pick<RuleStore, 'save'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /** Who must not be shut out, at this moment; `who` asks. */
  readonly protectedNow: (book: RuleBook, who?: Who) => readonly Protected[];
  /** How long a risky change waits to be confirmed. Undefined: nothing would take it back, so it is refused. */
  readonly confirmMs: number | undefined;
  /** The snapshot differs. */
  readonly changed: () => void;
  readonly notice: (notice: Notice) => void;
  /** These were confirmed and are in force. */
  readonly enforced?: (book: RuleBook) => Promise<void>;
}

interface Applied {
  readonly waiting: Waiting;
  readonly before: RuleBook;
  readonly outcome: Outcome<unknown>;
}

export class RulesService {
  readonly #options: RulesServiceOptions;
  readonly #enforcement: Enforcement;
  readonly #queue = new ChangeQueue((batch) => this.#do(batch));
  readonly #keeper: Keeper;
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
      const { what, told } = this.#pending;
      await this.#keeper.confirm(provisional);
      await this.#enforcement.withdraw();
      this.#pending.end();
      this.#history.push({ before: confirmed.book, what });
      this.note({ what: 'confirm', who, why: told?.why ?? '' });
      return this.#tell();
    });
  }

  revert(who: Who): Promise<number> {
    return this.#queue.run(() => {
      if (this.#pending.isThere) return this.#revert(who, this.#pending.what);
      throw notFound('Nothing waits to be confirmed. To take the last change back: packetlog rules undo.');
    });
  }

  /** Takes the last change back, or what waits to be confirmed. */
  async undo(who: Who): Promise<Done<{ undone: string }>> {
    if (this.#pending.isThere) {
      const { what } = this.#pending;
      return { value: { undone: what }, revision: await this.revert(who), pending: undefined };
    }
    const step = this.#history.last;
    if (step === undefined) throw notFound('There is nothing to undo since the loader started.');
    // Whoever asks at the same time undoes the one before.
    this.#history.pop();
    return this.ask(undoing(step.before, step.what, who)).catch((error: unknown) => {
      this.#history.push(step);
      throw error;
    });
  }

  /** Who would be shut out, and is not now. */
  lockouts(held: Held, who?: Who, now: Held = this.#enforcement.top): readonly Protected[] {
    const slots = this.#enforcement.interfaces.map(({ slot }) => slot);
    return lockedOut(now, held, this.#options.protectedNow(held.book, who), slots, Date.now());
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
    return {
      revision: this.#revision,
      default_policy: defaultPolicy,
      rules: rules
        .filter((rule) => !isExpired(rule, nowMs))
        .map((rule) => ({ ...rule, ...this.#enforcement.totals.of(rule.id) })),
      sets: [...sets.values()].map(describeSet),
      ...(pending === undefined ? {} : { pending }),
      ...facts,
    };
  }

  /** Resolves when nothing is under way. What is provisional reverts by itself. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#pending.end();
    await this.#queue.run(async () => {});
  }

  /** All of them, or none and an error. */
  async #do(batch: readonly Waiting[]): Promise<void> {
    const { top } = this.#enforcement;
    const nowMs = Date.now();
    const applied = this.#apply(top.book, batch, nowMs);
    const last = applied.at(-1);
    if (last !== undefined && last.outcome.book !== top.book) {
      const held = await this.#compile(last.outcome.book);
      const { what, who, force, isUnattended } = last.waiting.change;
      // What time takes is gone in the kernel already.
      const isTime = what === 'expire';
      const shutOut = force || isTime ? [] : this.lockouts(held, who);
      if (shutOut.length > 0) throw lockoutRefusal(shutOut);
      const risk = isTime ? undefined : riskOf(top.book, held.book);
      if (risk !== undefined && isUnattended) {
        throw invalid(`It was not done by itself, because ${risk}. Do it by hand, then confirm.`);
      }
      if (risk === undefined) await this.#settle(applied, held, nowMs);
      else await this.#provide(applied, held, risk, force);
      for (const { waiting, outcome } of applied) {
        this.#journal.record(this.#revision + 1, waiting.change, outcome, risk);
      }
      this.#tell();
    }
    const told = { revision: this.#revision, pending: this.#pending.told };
    for (const { waiting, outcome } of applied) waiting.done({ value: outcome.value, ...told });
  }

  #apply(book: RuleBook, batch: readonly Waiting[], nowMs: number): Applied[] {
    let now = book;
    return batch.map((waiting) => {
      const before = now;
      const outcome = waiting.change.apply(before, { nowMs, createdBy: waiting.change.who.name });
      now = outcome.book;
      return { waiting, before, outcome };
    });
  }

  /** Not risky: it holds for good; what waits to be confirmed goes on waiting in front of it. */
  async #settle(applied: readonly Applied[], held: Held, nowMs: number): Promise<void> {
    if (!this.#pending.isThere) {
      await this.#keeper.confirm(held);
      for (const { waiting, before, outcome } of applied) this.#remember(waiting.change, before, outcome);
      return;
    }
    const settled = await this.#settledBehind(applied, nowMs);
    if (settled !== undefined) await this.#keeper.confirm(settled);
    await this.#enforcement.provide(held, this.#pending.untilMonoNs);
  }

  /** The confirmed rules with the same changes; undefined: they concern what is provisional itself. */
  async #settledBehind(applied: readonly Applied[], nowMs: number): Promise<Held | undefined> {
    const { confirmed, top } = this.#enforcement;
    const again = applied.map(({ waiting }) => waiting);
    try {
      const done = this.#apply({ ...confirmed.book, nextId: top.book.nextId }, again, nowMs);
      const book = done.at(-1)?.outcome.book ?? confirmed.book;
      if (riskOf(confirmed.book, book) !== undefined) return undefined;
      const held = await this.#compile(book);
      return this.lockouts(held, undefined, confirmed).length > 0 ? undefined : held;
    } catch (error) {
      if (error instanceof RulesRefusal) return undefined;
      throw error;
    }
  }

  async #provide(applied: readonly Applied[], held: Held, risk: string, force: boolean): Promise<void> {
    const { confirmMs } = this.#options;
    if (confirmMs === undefined) {
      if (!force)
        throw invalid(`This is risky: ${risk}. No loader runs that could take it back: start it, or --force.`);
      await this.#keeper.confirm(held);
      return;
    }
    this.#keeper.giveIdsFrom(held.book.nextId);
    const why = `${risk[0]?.toUpperCase()}${risk.slice(1)}.`;
    const what = applied.map(({ waiting, outcome }) => changeWords(waiting.change, outcome)).join('; ');
    this.#pending.begin({ ms: confirmMs, revision: this.#revision, why, what }, () => this.#timeIsOver());
    await this.#enforcement.provide(held, this.#pending.untilMonoNs);
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

  async #compile(book: RuleBook): Promise<Held> {
    try {
      return await this.#enforcement.compile(book);
    } catch (error) {
      throw asRefusal(error);
    }
  }

  async #compileAgain(): Promise<void> {
    const { confirmed, provisional } = this.#enforcement;
    await this.#enforcement.confirm(await this.#enforcement.compile(confirmed.book));
    if (provisional === undefined || !this.#pending.isThere) return;
    await this.#enforcement.provide(await this.#enforcement.compile(provisional.book), this.#pending.untilMonoNs);
  }

  #remember(change: Change<unknown>, before: RuleBook, outcome: Outcome<unknown>): void {
    if (change.what === 'load') this.#history.clear();
    else if (!change.isUnattended && change.what !== 'undo')
      this.#history.push({ before, what: changeWords(change, outcome) });
  }

  #tell(): number {
    this.#revision++;
    this.#options.changed();
    return this.#revision;
  }
}
