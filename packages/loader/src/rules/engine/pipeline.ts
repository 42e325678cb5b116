/**
 * Puts changes in force. Start, SIGHUP, a followed file, the command line, the socket, a takeover and undo all send
 * their changes through these stages. If a stage rejects a change, everything stays as it is.
 *
 * read → validate → compile → guard → risk → publish → audit
 *
 * `validate` includes that a limit was tried before it is enforced.
 *
 * Content that was accepted before, identified by its hash, skips guard and risk.
 */
import type { History } from '../ruleset/change-history.ts';
import { contentHash } from '../ruleset/content-hash.ts';
import { monoNsIn } from '../ruleset/pending.ts';
import { invalid, RulesRejection } from '../ruleset/rejection.ts';
import type { NamedSet, Ruleset } from '../ruleset/ruleset.ts';
import { outcomeText } from '../safety/limit-trials.ts';
import { riskOf } from '../safety/risk.ts';
import { type Change, LOADER } from './change.ts';
import { compile } from './compile-change.ts';
import type { CompiledRuleset } from './enforcement.ts';
import { type GuardParts, guard, lockouts } from './guard.ts';
import { type Applied, propose } from './propose.ts';
import { endWait, type PublishParts, pushWaited, restage, settle, stage } from './publish.ts';
import { asRejection, changeText, endedText, STAYS_IN_FRONT } from './rejection-text.ts';
import { requireTried } from './trial-gate.ts';
import { validate } from './validate.ts';

export interface PipelineParts extends GuardParts, PublishParts {
  readonly history: History;
  /** How long a risky change waits for confirmation, in ms. Undefined: nothing could revert it, so it is rejected. */
  readonly confirmMs: number | undefined;
  /** Called when the lease of the pending change has ended. */
  readonly timeIsOver: () => void;
  /** Returns whether a set has only the rest of a list that was lost on the disk. */
  readonly isLost: (set: NamedSet) => boolean;
  /** Called when the pending change reverted because the kernel rejected it together with another change. */
  readonly reverted: (why: string, isFromFile: boolean) => void;
}

export interface Passed {
  readonly applied: readonly Applied[];
  /** False: the rules are the same as before. */
  readonly differs: boolean;
  /** Why these changes need to be confirmed. */
  readonly risk: string | undefined;
  /** True: they revert unless they are confirmed. */
  readonly waits: boolean;
  /** A problem that did not prevent the changes, as a sentence. */
  readonly warning?: string | undefined;
}

type Settled = Pick<Passed, 'waits' | 'warning'>;

export class Pipeline {
  readonly #parts: PipelineParts;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Puts all changes in force, or none. `revision`: of the rules before. Throws RulesRejection. */
  async run(changes: readonly Change<unknown>[], revision: number): Promise<Passed> {
    const { enforcement } = this.#parts;
    const { top } = enforcement;
    const nowMs = Date.now();

    const applied = propose(top.ruleset, changes, nowMs);
    const last = applied.at(-1);
    if (last === undefined || last.outcome.ruleset === top.ruleset)
      return { applied, differs: false, risk: undefined, waits: false };
    const { change } = last;
    validate(top.ruleset, last.outcome.ruleset, mayBeEmpty(changes, last.outcome.ruleset), this.#parts.isLost);
    requireTried(applied, enforcement.trials);
    const compiled = await compile(enforcement, last.outcome.ruleset);
    if (!change.force && !change.isAccepted) guard(this.#parts, top, compiled, change.who);
    const risk = change.isAccepted ? undefined : this.#riskOf(top.ruleset, compiled.ruleset);
    requireAttended(change, risk);

    const settled =
      risk === undefined
        ? await this.#settle(applied, compiled, nowMs, revision)
        : await this.#stage(applied, compiled, risk, revision);
    return { applied, differs: true, risk, ...settled };
  }

  /**
   * Returns the outcome of a change and why it would need to be confirmed, without making it. Throws RulesRejection.
   */
  async check<Value>(change: Change<Value>): Promise<{ value: Value; risk: string | undefined }> {
    const { enforcement } = this.#parts;
    const { top } = enforcement;
    const outcome = change.apply(top.ruleset, { nowMs: Date.now(), createdBy: change.who.name });
    const { ruleset, value } = outcome;
    if (ruleset === top.ruleset) return { value, risk: undefined };
    requireTried([{ change, before: top.ruleset, outcome }], enforcement.trials);
    validate(top.ruleset, ruleset, mayBeEmpty([change], ruleset), this.#parts.isLost);
    const compiled = await enforcement.compileApart(ruleset).catch((error: unknown) => {
      throw asRejection(error);
    });
    if (!change.force) guard(this.#parts, top, compiled, change.who);
    return { value, risk: this.#riskOf(top.ruleset, ruleset) };
  }

  /** Puts the changes in force until their lease ends. */
  async #stage(
    applied: readonly Applied[],
    compiled: CompiledRuleset,
    risk: string,
    revision: number,
  ): Promise<Settled> {
    const { pending, history, confirmMs, timeIsOver } = this.#parts;
    const isForced = applied.every(({ change }) => change.force);
    if (confirmMs === undefined) {
      if (!isForced)
        throw invalid(
          `This change is risky: ${risk}. packetlog is not running, so it could not revert. Start packetlog, or use --force.`,
        );
      return { waits: false, warning: await settle(this.#parts, compiled) };
    }
    const untilMonoNs = monoNsIn(confirmMs);
    await stage(this.#parts, compiled, untilMonoNs);
    const what = applied.map(({ change, outcome }) => changeText(change, outcome)).join('; ');
    const fileContent = isLoad(applied) ? contentHash(compiled.ruleset) : undefined;
    const who = applied.at(-1)?.change.who ?? LOADER;
    const generation = applied.at(-1)?.change.generation;
    const facts = { untilMonoNs, revision, why: sentence(risk), what, who, fileContent, generation };
    pending.begin({ ...facts, id: history.nextId() }, timeIsOver);
    return { waits: true };
  }

  /** Confirms the changes. The pending change stays provisional while its difference to them is risky. */
  async #settle(
    applied: readonly Applied[],
    compiled: CompiledRuleset,
    nowMs: number,
    revision: number,
  ): Promise<Settled> {
    const { pending } = this.#parts;
    const why = pending.isThere ? this.#confirmationReason(compiled) : undefined;
    if (why !== undefined) return await this.#join(applied, compiled, { why, nowMs, revision });
    const { ruleset: back } = this.#parts.enforcement.confirmed;
    const { step } = pending;
    const warning = await settle(this.#parts, compiled, { fileSaysIt: isLoad(applied) });
    if (step === undefined) {
      for (const each of applied) this.#remember(each, revision + 1);
      return { waits: false, warning };
    }
    // The risky rule was removed or made harmless.
    if (contentHash(back) !== contentHash(compiled.ruleset)) {
      pushWaited(this.#parts, { ...step, back }, compiled.ruleset);
    }
    return { waits: false, warning: (await endWait(this.#parts)) ? warning : STAYS_IN_FRONT };
  }

  /** Makes changes while another one is pending. Confirms them at once, unless they depend on the pending one. */
  async #join(
    applied: readonly Applied[],
    compiled: CompiledRuleset,
    { why, nowMs, revision }: { why: string; nowMs: number; revision: number },
  ): Promise<Settled> {
    const { enforcement, pending } = this.#parts;
    const independent = await this.#onConfirmed(applied, nowMs);
    if (independent === undefined) {
      await stage(this.#parts, compiled, pending.untilMonoNs);
      pending.explain(why);
      if (isLoad(applied)) pending.fileWaits(contentHash(compiled.ruleset));
      return { waits: true };
    }
    const warning = await settle(this.#parts, independent.compiled);
    for (const each of independent.applied) this.#remember(each, revision + 1);
    try {
      await restage(enforcement, compiled, pending.untilMonoNs);
    } catch (error) {
      return { waits: false, warning: await this.#dropPending(error) };
    }
    pending.explain(why);
    return { waits: false, warning };
  }

  /** Ends the pending change: it lacks a change that was confirmed meanwhile, so it must not be confirmed. */
  async #dropPending(error: unknown): Promise<string> {
    const isFromFile = this.#parts.pending.fileContent !== undefined;
    if (!(await endWait(this.#parts))) return STAYS_IN_FRONT;
    const why = endedText(error);
    this.#parts.reverted(why, isFromFile);
    return why;
  }

  /** Also says what a limit did when it was tried. */
  #riskOf(before: Ruleset, after: Ruleset): string | undefined {
    const { trials } = this.#parts.enforcement;
    return riskOf(before, after, (limit) => {
      const outcome = trials.outcome(limit);
      return outcome && outcomeText(outcome);
    });
  }

  /** Returns why `compiled` needs confirmation; undefined if it does not. */
  #confirmationReason(compiled: CompiledRuleset): string | undefined {
    const { enforcement, pending } = this.#parts;
    const { confirmed } = enforcement;
    const risk = this.#riskOf(confirmed.ruleset, compiled.ruleset);
    if (risk !== undefined) return sentence(risk);
    return lockouts(this.#parts, confirmed, compiled).length > 0 ? pending.forClients?.why : undefined;
  }

  /** Applies the same changes to the confirmed rules. Returns undefined if they depend on the pending change. */
  async #onConfirmed(
    applied: readonly Applied[],
    nowMs: number,
  ): Promise<{ compiled: CompiledRuleset; applied: readonly Applied[] } | undefined> {
    const { confirmed, top } = this.#parts.enforcement;
    const changes = applied.map(({ change }) => change);
    try {
      const done = propose({ ...confirmed.ruleset, nextId: top.ruleset.nextId }, changes, nowMs);
      const ruleset = done.at(-1)?.outcome.ruleset ?? confirmed.ruleset;
      validate(confirmed.ruleset, ruleset, mayBeEmpty(changes, ruleset), this.#parts.isLost);
      if (riskOf(confirmed.ruleset, ruleset) !== undefined) return undefined;
      const compiled = await compile(this.#parts.enforcement, ruleset);
      return lockouts(this.#parts, confirmed, compiled).length > 0 ? undefined : { compiled, applied: done };
    } catch (error) {
      if (error instanceof RulesRejection) return undefined;
      throw error;
    }
  }

  #remember({ change, before, outcome }: Applied, revision: number): void {
    const { history } = this.#parts;
    if (change.generation) history.keepFleet(outcome.ruleset);
    else if (change.remember) change.remember(before, revision);
    else if (change.what === 'load') history.clear();
    else if (!change.isUnattended) {
      const what = changeText(change, outcome);
      history.push({ back: before, what, who: change.who, at_ms: Date.now(), revision });
    }
  }
}

/**
 * Stage 5, risk: a person must confirm a risky change, so a person must have requested it. Throws RulesRejection
 * otherwise.
 */
function requireAttended(change: Change<unknown>, risk: string | undefined): void {
  if (risk === undefined || !change.isUnattended) return;
  throw invalid(`the change is risky: ${risk}. Make the change by hand, then confirm it.`);
}

function isLoad(applied: readonly Applied[]): boolean {
  return applied.some(({ change }) => change.what === 'load');
}

/** Returns the sets that may be empty: on request, or because they were accepted empty before. */
function mayBeEmpty(changes: readonly Change<unknown>[], { sets }: Ruleset): ReadonlySet<string> {
  const accepted = changes.some(({ isAccepted, what }) => isAccepted || what === 'undo');
  return new Set(accepted ? sets.keys() : changes.flatMap(({ mayBeEmpty: name }) => name ?? []));
}

function sentence(risk: string): string {
  return `${risk[0]?.toUpperCase()}${risk.slice(1)}.`;
}
