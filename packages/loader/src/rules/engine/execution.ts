/** Carries changes out that came together: applied, judged by the nets, compiled and put in force. */
import type { RuleBook } from '../book/rule-book.ts';
import { lockedOut } from '../protect/lockout.ts';
import type { Protected } from '../protect/protected.ts';
import { riskOf } from '../protect/risk.ts';
import { invalid, RulesRefusal } from '../refusal.ts';
import type { Change, Outcome, Who } from './change.ts';
import type { Waiting } from './change-queue.ts';
import type { Enforcement, Held } from './enforcement.ts';
import type { History } from './history.ts';
import type { Keeper } from './keeper.ts';
import type { Pending } from './pending.ts';
import { asRefusal, changeWords, kernelRefusal, lockoutRefusal } from './words.ts';

export interface ExecutionParts {
  readonly enforcement: Enforcement;
  readonly keeper: Keeper;
  readonly history: History;
  readonly pending: Pending;
  /** Who must not be shut out, at this moment; `who` asks. */
  readonly protectedNow: (book: RuleBook, who?: Who) => readonly Protected[];
  /** How long a risky change waits to be confirmed. Undefined: nothing would take it back, so it is refused. */
  readonly confirmMs: number | undefined;
  /** Nobody has confirmed what waits. */
  readonly timeIsOver: () => void;
}

interface Applied {
  readonly waiting: Waiting;
  readonly before: RuleBook;
  readonly outcome: Outcome<unknown>;
}

export interface Carried {
  readonly applied: readonly Applied[];
  /** False: the rules are the same as before. */
  readonly differs: boolean;
  /** Why it waits to be confirmed. */
  readonly risk: string | undefined;
}

export class Execution {
  readonly #parts: ExecutionParts;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
  }

  /** All of them, or none and an error. `revision`: of the rules before. */
  async carryOut(batch: readonly Waiting[], revision: number): Promise<Carried> {
    const { top } = this.#parts.enforcement;
    const nowMs = Date.now();
    const applied = apply(top.book, batch, nowMs);
    const last = applied.at(-1);
    if (last === undefined || last.outcome.book === top.book) return { applied, differs: false, risk: undefined };
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
    if (risk === undefined) await this.#settle(applied, held, nowMs, revision);
    else await this.#provide(applied, held, risk, { who, force }, revision);
    return { applied, differs: true, risk };
  }

  /** Who would be shut out, and is not now. */
  lockouts(held: Held, who?: Who, now: Held = this.#parts.enforcement.top): readonly Protected[] {
    const slots = this.#parts.enforcement.interfaces.map(({ slot }) => slot);
    return lockedOut(now, held, this.#parts.protectedNow(held.book, who), slots, Date.now());
  }

  /** Not risky: it holds for good; what waits to be confirmed goes on waiting in front of it. */
  async #settle(applied: readonly Applied[], held: Held, nowMs: number, revision: number): Promise<void> {
    const { enforcement, keeper, pending } = this.#parts;
    if (!pending.isThere) {
      await keeper.confirm(held);
      for (const each of applied) this.#remember(each, revision + 1);
      return;
    }
    const settled = await this.#settledBehind(applied, nowMs);
    if (settled !== undefined) await keeper.confirm(settled);
    await enforcement.provide(held, pending.untilMonoNs);
  }

  /** The confirmed rules with the same changes; undefined: they concern what is provisional itself. */
  async #settledBehind(applied: readonly Applied[], nowMs: number): Promise<Held | undefined> {
    const { confirmed, top } = this.#parts.enforcement;
    const again = applied.map(({ waiting }) => waiting);
    try {
      const done = apply({ ...confirmed.book, nextId: top.book.nextId }, again, nowMs);
      const book = done.at(-1)?.outcome.book ?? confirmed.book;
      if (riskOf(confirmed.book, book) !== undefined) return undefined;
      const held = await this.#compile(book);
      return this.lockouts(held, undefined, confirmed).length > 0 ? undefined : held;
    } catch (error) {
      if (error instanceof RulesRefusal) return undefined;
      throw error;
    }
  }

  async #provide(
    applied: readonly Applied[],
    held: Held,
    risk: string,
    { who, force }: Pick<Change<unknown>, 'who' | 'force'>,
    revision: number,
  ): Promise<void> {
    const { enforcement, history, keeper, pending, confirmMs, timeIsOver } = this.#parts;
    if (confirmMs === undefined) {
      if (!force)
        throw invalid(`This is risky: ${risk}. No loader runs that could take it back: start it, or --force.`);
      await keeper.confirm(held);
      return;
    }
    keeper.giveIdsFrom(held.book.nextId);
    const why = `${risk[0]?.toUpperCase()}${risk.slice(1)}.`;
    const what = applied.map(({ waiting, outcome }) => changeWords(waiting.change, outcome)).join('; ');
    pending.begin({ ms: confirmMs, id: history.nextId(), revision, why, what, who }, timeIsOver);
    try {
      await enforcement.provide(held, pending.untilMonoNs);
    } catch (cause) {
      pending.end();
      await enforcement.withdraw();
      throw kernelRefusal(cause, 'The confirmed rules are in force.');
    }
  }

  async #compile(book: RuleBook): Promise<Held> {
    try {
      return await this.#parts.enforcement.compile(book);
    } catch (error) {
      throw asRefusal(error);
    }
  }

  #remember({ waiting: { change }, before, outcome }: Applied, revision: number): void {
    const { history } = this.#parts;
    if (change.remember) change.remember(before, revision);
    else if (change.what === 'load') history.clear();
    else if (!change.isUnattended)
      history.push({
        back: before,
        what: changeWords(change, outcome),
        who: change.who,
        at_ms: Date.now(),
        revision,
      });
  }
}

function apply(book: RuleBook, batch: readonly Waiting[], nowMs: number): Applied[] {
  let now = book;
  return batch.map((waiting) => {
    const before = now;
    const outcome = waiting.change.apply(before, { nowMs, createdBy: waiting.change.who.name });
    now = outcome.book;
    return { waiting, before, outcome };
  });
}
