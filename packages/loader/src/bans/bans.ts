/** Bans sources that are over a limit, and undoes bans: asks the guards, explains each decision, and keeps what is in force. */
import type {
  BanResults,
  Bans as BansState,
  CheckedBansRequest,
  Decision,
  Network,
  Notice,
  Rule,
} from '@packetlog/common';
import type { CallerIdentity } from '../ipc/rules-access.ts';
import { Mutex } from '../mutex.ts';
import { notFound, RulesRejection } from '../rules/ruleset/rejection.ts';
import type { Ruleset } from '../rules/ruleset/ruleset.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';
import { BanBudget } from './ban-budget.ts';
import type { BanClock } from './ban-clock.ts';
import { type BanLimit, banLimitOf } from './ban-limit.ts';
import { BanRegister, storedBan } from './ban-register.ts';
import { BansInForce, type BansKernel } from './bans-in-force.ts';
import { BansReport } from './bans-report.ts';
import type { BansStore } from './bans-store.ts';
import { decide, numbered, outcomeOf, rejected } from './decide.ts';
import { type GuardFacts, lockoutAnswer, type OldConnection } from './guards.ts';
import { listOf } from './list-bans.ts';
import type { Offender } from './offender.ts';
import { parseSource } from './parse-source.ts';
import { PerMinute, Repeats } from './repeats.ts';
import { keyOf } from './strikes.ts';
import { listed, nothingText } from './undo-text.ts';

/** Other decisions that are recorded; further ones are counted. */
const MAX_OTHERS_PER_MINUTE = 60;

export interface BansOptions {
  readonly store: BansStore;
  readonly clock: BanClock;
  readonly maxActive: () => number;
  readonly kernel: BansKernel;
  readonly ruleset: () => Ruleset;
  readonly protectedNow: () => readonly Protected[];
  /** Returns the oldest connection of a network that is older than a minute. */
  readonly oldConnection: (network: Network) => OldConnection | undefined;
  /** Returns how many packets a rule has denied. */
  readonly packets: (ruleId: number) => number;
  /** Adds permit rules for sources, and returns their ids. Rejects with a RulesRejection. */
  readonly permit: (sources: readonly string[], reason: string, who: CallerIdentity) => Promise<readonly number[]>;
  /** Records in the audit file who undid what. */
  readonly audit: (who: CallerIdentity, why: string, rules: readonly Rule[]) => void;
  readonly notice: (notice: Notice) => void;
  readonly changed: (bans: BansState) => void;
  readonly decided: (decision: Decision) => void;
}

/** What an undo chose before its turn. */
interface Chosen {
  readonly decisions: readonly number[];
  readonly atMs: number;
  /** Whether the kernel has ended all of them. */
  readonly isEnded: Promise<boolean>;
  /** Why there is none, if others have ended them. */
  readonly nothing: string;
}

type Facts = Pick<GuardFacts, 'ruleset' | 'protectedNow' | 'oldConnection' | 'nowMs'>;

export class Bans {
  readonly #options: BansOptions;
  readonly #mutex = new Mutex();
  readonly #register: BanRegister;
  readonly #budget: BanBudget;
  readonly #repeats = new Repeats();
  readonly #others = new PerMinute(MAX_OTHERS_PER_MINUTE);
  readonly #report: BansReport;
  readonly #inForce: BansInForce;

  constructor(options: BansOptions) {
    this.#options = options;
    const { store, clock, maxActive, changed, decided, packets, notice } = options;
    this.#register = new BanRegister(store, clock);
    this.#inForce = new BansInForce(this.#register, options.kernel);
    this.#budget = new BanBudget(clock, maxActive, notice);
    const { active } = this.#register;
    this.#report = new BansReport({
      bans: (newest) => ({ active: active.size, newest: active.newest(newest, packets) }),
      ...{ maxActive, changed, decided, wallMs: clock.wallMs },
    });
  }

  /** The deny rules of the bans in force. */
  get rules(): readonly Rule[] {
    return this.#register.active.rules;
  }

  get state(): BansState {
    return this.#report.state;
  }

  /** The decisions of the last minute; `isLimited`: one did not ban because there are too many bans. */
  get recent() {
    const nowMs = this.#nowMs;
    const [ban, would_ban] = [this.#report.recent('ban', nowMs), this.#report.recent('would_ban', nowMs)];
    return { ban, would_ban, isLimited: this.#budget.isReached, active: this.#register.active.size };
  }

  list(request: CheckedBansRequest<'list'>): BanResults['list'] {
    return listOf(this.#register.active, request, this.#options.packets);
  }

  /** Decides about sources that a limit has found over. Resolves when the bans are in force. */
  offenders(offenders: readonly Offender[]): Promise<void> {
    return this.#mutex.run(() => this.#decide(offenders));
  }

  /** Ends bans. Rejects with a RulesRejection; then all stay in force. */
  async undo(request: CheckedBansRequest<'undo'>, who: CallerIdentity): Promise<BanResults['undo']> {
    const network = request.source === undefined ? undefined : parseSource(request.source);
    const atMs = this.#options.clock.wallMs();
    const decisions = this.#register.active.select(request, network, atMs).map(({ decision }) => decision);
    const nothing = nothingText(request);
    if (decisions.length === 0) throw notFound(nothing);
    // Before its turn: another change may take longer than an undo may.
    const isEnded = this.#inForce.end(decisions);
    return this.#mutex.run(() => this.#undo(request, who, { decisions, atMs, isEnded, nothing }));
  }

  /** Bans denied packets: their counts have changed. */
  counted(): void {
    this.#report.changed();
  }

  /** Whether a call of `tick` would do nothing, now and later. */
  get isIdle(): boolean {
    return this.#register.active.size === 0 && !this.#inForce.hasEnded && !this.#report.hasChanged;
  }

  /** Call it once a second unless it is idle, and when the wall clock was set. */
  tick(): Promise<void> {
    return this.#mutex.run(async () => {
      const hasMoved = this.#register.followClock();
      const ended = this.#register.active.removeEnded(this.#options.clock.wallMs());
      if (ended.length > 0) {
        this.#inForce.ended();
        this.#report.changed();
      }
      if (hasMoved) await this.#inForce.replace(this.#nowMs);
      else await this.#inForce.removeEnded(this.#nowMs);
      this.#report.send(this.#nowMs);
    });
  }

  async #decide(offenders: readonly Offender[]): Promise<void> {
    const { ruleset, protectedNow, oldConnection, clock, store } = this.#options;
    const now = ruleset();
    const limits = new Map(now.rules.map((rule) => [rule.id, banLimitOf(rule)]));
    const nowMs = this.#nowMs;
    const due = offenders.filter(
      (each) =>
        limits.get(each.limitRule) !== undefined &&
        !this.#register.active.has(each.source, each.limitRule) &&
        !this.#register.undone.has(each.source, each.limitRule, each.overSinceNs) &&
        this.#repeats.isDue(keyOf(each.source, each.limitRule), each, nowMs),
    );
    if (due.length === 0) return;
    const facts = { ruleset: now, protectedNow: protectedNow(), oldConnection, nowMs: clock.wallMs() };
    const decisions = due.flatMap((each) => this.#decideOne(each, limits.get(each.limitRule) as BanLimit, facts) ?? []);
    const made = await this.#enforce(decisions);
    store.append(made);
    for (const decision of made) this.#report.decided(decision, this.#nowMs);
    this.#report.send(this.#nowMs);
  }

  /** Returns the decision if it is recorded. A ban is registered then, but not in force yet. */
  #decideOne(offender: Offender, limit: BanLimit, facts: Facts): Decision | undefined {
    const { source, limitRule } = offender;
    const key = keyOf(source, limitRule);
    const nowMs = this.#nowMs;
    const limitReached = this.#budget.problem(this.#register.active.size);
    const isEnforced = limit.rule.enforce === true;
    if (limitReached !== undefined && isEnforced) this.#budget.reached(limitReached);
    const isFull = this.#others.isFull(nowMs);
    // Nothing could be recorded: the guards need not be asked about thousands.
    if (isFull && (limitReached !== undefined || !isEnforced)) {
      this.#repeats.decided(key, offender, 'counted', nowMs);
      this.#report.counted(isEnforced ? 'not_banned' : 'would_ban', nowMs);
      return undefined;
    }
    const strike = this.#register.strikes.next(source, limitRule, facts.nowMs);
    const draft = decide({ offender, limit, strike }, { ...facts, limitReached });
    const isRecorded = this.#repeats.decided(key, offender, outcomeOf(draft), nowMs);
    if (draft.kind !== 'ban' && (!isRecorded || isFull)) {
      this.#report.counted(draft.kind, nowMs);
      return undefined;
    }
    const decision = numbered(draft, this.#register.nextId());
    if (decision.kind === 'ban') this.#add(decision, offender);
    else this.#others.add(nowMs);
    return decision;
  }

  #add(decision: Decision, { overSinceNs }: Offender): void {
    this.#budget.added();
    this.#register.add(storedBan(decision, overSinceNs));
  }

  /** Puts the bans among the decisions in force. Returns the decisions as they came out. */
  async #enforce(decisions: readonly Decision[]): Promise<readonly Decision[]> {
    const bans = decisions.flatMap(({ id }) => this.#register.active.get(id) ?? []);
    if (bans.length === 0) return decisions;
    try {
      await this.#inForce.put();
      return decisions;
    } catch (error) {
      for (const ban of bans) this.#register.remove(ban);
      if (bans.length === 1) {
        this.#register.save();
        const answer = answerOf(error);
        return decisions.map((each) => (each.kind === 'ban' ? rejected(each, answer) : each));
      }
    }
    const made: Decision[] = [];
    // One of them is the cause.
    for (const decision of decisions) {
      for (const ban of bans) if (ban.decision === decision.id) this.#register.add(ban);
      made.push(...(await this.#enforce([decision])));
    }
    return made;
  }

  async #undo({ never }: CheckedBansRequest<'undo'>, who: CallerIdentity, chosen: Chosen): Promise<BanResults['undo']> {
    const { store, audit } = this.#options;
    const register = this.#register;
    const isEnded = await chosen.isEnded;
    // Others may have been undone or rejected before.
    const bans = chosen.decisions.flatMap((decision) => register.active.get(decision) ?? []);
    if (bans.length === 0) throw notFound(chosen.nothing);
    const undone = new Set(bans.map(({ decision }) => decision));
    const sources = [...new Set(bans.map(({ source }) => source))];
    const rules = register.active.rulesOf(undone);
    let permits: readonly number[] = [];
    try {
      if (never === true) permits = await this.#options.permit(sources, 'never ban', who);
      await this.#inForce.remove(bans, isEnded);
    } catch (error) {
      await this.#inForce.resume(rules, this.#nowMs);
      throw error;
    }
    for (const { over_since_ns, ...ban } of bans) if (over_since_ns) register.undone.add({ ...ban, over_since_ns });
    // Afterwards: an undo is in force as soon as possible.
    register.save();
    store.undone(
      bans.map(({ decision, source }) => {
        const permit_rule = permits[sources.indexOf(source)];
        return { id: decision, at_ms: chosen.atMs, by: who.name, ...(permit_rule !== undefined && { permit_rule }) };
      }),
    );
    audit(who, listed([...undone]), rules);
    this.#report.undone(bans.length);
    this.#report.send(this.#nowMs);
    return { undone: [...undone], permit_rules: [...permits] };
  }

  /** Monotonic. */
  get #nowMs(): number {
    return this.#options.clock.upMs();
  }
}

/** The answer of the guard that stands for why the ban was rejected. */
function answerOf(error: unknown): Decision['guards'][number] {
  const lockout = error instanceof RulesRejection ? error.error.protected : undefined;
  if (lockout !== undefined) return lockoutAnswer(lockout);
  const why = error instanceof Error ? error.message : String(error);
  return { guard: 'ban_limit', passed: false, note: `the ban cannot be put in force: ${why}` };
}
