/**
 * Knows which limits were tried on packets before they deny any: observing, in the kernel, or in a dry run. A limit with
 * other numbers or another match is another limit.
 */
import { formatDuration, limitNumbers, type Rule } from '@packetlog/common';
import { perRule } from '../ruleset/per-rule.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { RuleTotals } from '../store/rule-totals.ts';

/** How long a limit must have observed, at least. */
export const TRIAL_MS = 60_000;
/** How long a dry run counts. */
const DRY_RUN_COUNTS_MS = 3_600_000;
const MAX_DRY_RUNS = 1000;

/** What a limit would have done. */
export interface TrialOutcome {
  /** The time that was evaluated, in ms. */
  readonly forMs: number;
  readonly packets: number;
  readonly over: number;
  /** Sources with packets over the limit; undefined: not known. */
  readonly sources?: number | undefined;
}

interface Observed {
  readonly sinceMs: number;
  readonly packets: number;
  readonly over: number;
}

export class LimitTrials {
  readonly #totals: Pick<RuleTotals, 'of'>;
  readonly #now: () => number;
  /** Counts when the limit came into force, by `limitKey`. */
  #observed = new Map<string, Observed>();
  readonly #dryRuns = new Map<string, { readonly atMs: number; readonly outcome: TrialOutcome }>();

  /** `now` returns monotonic milliseconds. */
  constructor(totals: Pick<RuleTotals, 'of'>, now: () => number = () => performance.now()) {
    this.#totals = totals;
    this.#now = now;
  }

  /** Call it with the rules that decide about packets, whenever they change. */
  follow({ rules }: Ruleset): void {
    const observed = new Map<string, Observed>();
    for (const rule of rules) {
      if (rule.action !== 'limit') continue;
      const key = limitKey(rule);
      observed.set(key, this.#observed.get(key) ?? { sinceMs: this.#now(), ...this.#counts(rule) });
    }
    this.#observed = observed;
  }

  /** Records the dry run of a limit. */
  tried(rule: LimitRule, outcome: TrialOutcome): void {
    const key = keyOf(rule);
    this.#dryRuns.delete(key);
    this.#dryRuns.set(key, { atMs: this.#now(), outcome });
    const [oldest] = this.#dryRuns.keys();
    if (this.#dryRuns.size > MAX_DRY_RUNS && oldest !== undefined) this.#dryRuns.delete(oldest);
  }

  /** Returns what the last dry run of a limit or its observation showed; undefined if it was not tried. */
  outcome(rule: Rule): TrialOutcome | undefined {
    const observed = this.#observing(rule);
    if (observed !== undefined && observed.forMs >= TRIAL_MS && observed.packets > 0) return observed;
    const dryRun = this.#dryRuns.get(limitKey(rule));
    return dryRun !== undefined && this.#now() - dryRun.atMs < DRY_RUN_COUNTS_MS ? dryRun.outcome : undefined;
  }

  /** Returns why a limit must not be enforced yet, as a sentence with the next step; undefined if it was tried. */
  problem(rule: Rule): string | undefined {
    if (this.outcome(rule) !== undefined) return undefined;
    const observed = this.#observing(rule);
    if (observed === undefined) return `No dry run has shown what this limit would deny. ${LET_IT_OBSERVE}`;
    const left = formatDuration(Math.max(0, TRIAL_MS - observed.forMs));
    if (observed.forMs < TRIAL_MS)
      return `Rule ${rule.id} has observed for ${formatDuration(observed.forMs)}: wait ${left}, then: packetlog rules enforce ${rule.id}. ${AT_ONCE}`;
    return `Rule ${rule.id} has seen no packet since it observes, so nothing shows what it would deny. ${AT_ONCE}`;
  }

  #observing(rule: Rule): TrialOutcome | undefined {
    const began = this.#observed.get(limitKey(rule));
    if (began === undefined) return undefined;
    const { packets, over } = this.#counts(rule);
    return { forMs: this.#now() - began.sinceMs, packets: packets - began.packets, over: over - began.over };
  }

  #counts({ id }: Rule): { packets: number; over: number } {
    const { packets, over_packets = 0 } = this.#totals.of(id);
    return { packets, over: over_packets };
  }
}

const AT_ONCE = 'To enforce it without: --now.';
const LET_IT_OBSERVE = `Let it observe for a minute of traffic (without --enforce), then: packetlog rules enforce ID. ${AT_ONCE}`;

/** Returns `of 1,204 packets in 5 min, 311 (26 %) would have been over, from 12 sources`. */
export function outcomeText({ forMs, packets, over, sources }: TrialOutcome): string {
  const share = packets === 0 ? 0 : over / packets;
  const percent = over > 0 && share < 0.01 ? 'less than 1 %' : `${Math.round(share * 100)} %`;
  const from = sources === undefined || over === 0 ? '' : `, from ${grouped(sources)} sources`;
  return `of ${grouped(packets)} packets in ${formatDuration(forMs)}, ${grouped(over)} (${percent}) would have been over${from}`;
}

const grouped = (value: number) => value.toLocaleString('en-US');

/** A rule, or a draft of one. */
export type LimitRule = Pick<Rule, 'action' | 'source'> & Partial<Rule>;

/** Returns the same text for limits that decide alike once they are enforced. */
function keyOf(rule: LimitRule): string {
  return JSON.stringify(partsOf(rule));
}

const limitKey = perRule(keyOf);

function partsOf(rule: LimitRule, ...without: readonly (keyof Rule)[]): unknown[] {
  const others: readonly string[] = [...NO_PARTS, ...without];
  return Object.entries(rule)
    .filter(([name, value]) => value !== undefined && !others.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const NO_PARTS = ['id', 'for', 'reason', 'enforce', 'expires_at', 'created_by', 'created_at'] as const;

/** Returns whether a limit denies nothing that `other` would not deny. */
export function isLooser(rule: Rule, other: Rule): boolean {
  const matches = (each: Rule) => JSON.stringify(partsOf(each, 'rate', 'burst', 'then'));
  if (matches(rule) !== matches(other)) return false;
  const [ours, theirs] = [limitNumbers(rule), limitNumbers(other)];
  const isFaster = ours.count / ours.seconds >= theirs.count / theirs.seconds;
  // Another ban is another consequence.
  const hasSameBan = JSON.stringify(ours.ban) === JSON.stringify(theirs.ban);
  return isFaster && hasSameBan && ours.burst >= theirs.burst && ours.blockMs <= theirs.blockMs;
}
