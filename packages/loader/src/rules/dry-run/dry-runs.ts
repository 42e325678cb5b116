/** Runs dry runs, each on the records of a few seconds. */
import type { DryRunReport, Rule, RulesError } from '@packetlog/common';
import { ruleSentence } from '@packetlog/common';
import type { CompiledRuleset } from '../engine/enforcement.ts';
import { RulesRejection } from '../ruleset/rejection.ts';
import type { Protected } from '../safety/protected-sources.ts';
import { DryRun } from './dry-run.ts';

/** Maximum verdicts per second of all dry runs, so that clients are still served. Reports give the number. */
const MAX_EVALUATED_PER_SECOND = 200_000;
/** Maximum concurrent dry runs: any client may start one, and each costs a compilation and an evaluation. */
const MAX_AT_ONCE = 16;
/** Maximum dry runs of all read-only clients, which leaves room for the others, and of each such client. */
const MAX_FOR_READERS = 8;
const MAX_PER_READER = 2;

export interface Play {
  readonly compiled: CompiledRuleset;
  /** Interface slot by ifindex. */
  readonly slots: ReadonlyMap<number, number>;
  readonly seconds: number;
  /** Aborts when the client has disconnected. */
  readonly gone?: AbortSignal | undefined;
  readonly lockouts: readonly Protected[];
  /** Names a rule id of the ruleset for the report: a rule that exists, or the index of a draft. */
  readonly nameOf: (id: number) => { id: number } | { draft: number };
}

interface Running {
  readonly play: Play;
  readonly dryRun: DryRun;
  /** Undefined until the drain thread's first report after it begins. */
  begunAt: { ms: number; seen: number } | undefined;
  readonly done: (report: DryRunReport) => void;
}

/** The caller of a dry run: one object for each client, or the same `client` in all of its objects. */
export interface DryRunCaller {
  readonly mayChange: boolean;
  readonly client?: number;
}

export interface RecordShapeOf {
  readonly stride: number;
  readonly recordOffset: number;
}

const GONE: RulesError = { code: 'unavailable', message: 'The client of this dry run disconnected. Start it again.' };

export class DryRuns {
  #running: Running[] = [];
  readonly #admitted: DryRunCaller[] = [];
  #budget = MAX_EVALUATED_PER_SECOND;
  readonly #wantRows: (isWanted: boolean) => void;

  /** `wantRows` is called with true when the first dry run starts, and with false when none is left. */
  constructor(wantRows: (isWanted: boolean) => void) {
    this.#wantRows = wantRows;
  }

  get isPlaying(): boolean {
    return this.#running.length > 0;
  }

  /** Runs `work`, a whole dry run with its compilation. Throws RulesRejection if too many are running. */
  async admit<Value>(caller: DryRunCaller, work: () => Promise<Value>): Promise<Value> {
    const limit = this.#limitFor(caller);
    if (limit !== undefined) {
      const message = `${limit} dry runs are running: try again when one has ended.`;
      throw new RulesRejection({ code: 'limit', message, limit });
    }
    this.#admitted.push(caller);
    try {
      return await work();
    } finally {
      this.#admitted.splice(this.#admitted.indexOf(caller), 1);
    }
  }

  /** Resolves with the report after `play.seconds`. Rejects with RulesRejection when its client has disconnected. */
  play(play: Play): Promise<DryRunReport> {
    const { gone } = play;
    if (gone?.aborted) return Promise.reject(new RulesRejection(GONE));
    const dryRun = new DryRun(play.compiled.image, play.slots);
    return new Promise((done, fail) => {
      const running: Running = { play, dryRun, begunAt: undefined, done };
      this.#running.push(running);
      if (this.#running.length === 1) this.#wantRows(true);
      gone?.addEventListener('abort', () => {
        if (this.#remove(running)) fail(new RulesRejection(GONE));
      });
    });
  }

  rows(bytes: Uint8Array, count: number, { stride, recordOffset }: RecordShapeOf): void {
    const begun = this.#running.filter(({ begunAt }) => begunAt !== undefined);
    if (begun.length === 0) return;
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    const evaluated = Math.min(count, Math.floor(this.#budget / begun.length));
    this.#budget -= evaluated * begun.length;
    for (let i = 0; i < evaluated; i++) {
      for (const { dryRun } of begun) dryRun.add(bytes, i * stride + recordOffset, nowNs);
    }
  }

  /** Starts and ends dry runs. Call it once a second. `seen`: packets seen so far on all interfaces. */
  second(seen: number, nowMs: number): void {
    this.#budget = MAX_EVALUATED_PER_SECOND;
    for (const running of [...this.#running]) {
      running.begunAt ??= { ms: nowMs, seen };
      // A report may come a little early or late.
      if (nowMs - running.begunAt.ms >= running.play.seconds * 1000 - 100) this.#end(running, seen, nowMs);
    }
  }

  /** Ends all dry runs, with reports of the packets until now. */
  close(seen: number, nowMs: number): void {
    for (const running of [...this.#running]) this.#end(running, seen, nowMs);
  }

  /** Returns the limit that is reached; undefined if none is. */
  #limitFor(caller: DryRunCaller): number | undefined {
    if (this.#admitted.length >= MAX_AT_ONCE) return MAX_AT_ONCE;
    if (caller.mayChange) return undefined;
    if (this.#admitted.filter((other) => isSameClient(other, caller)).length >= MAX_PER_READER) return MAX_PER_READER;
    return this.#admitted.filter(({ mayChange }) => !mayChange).length >= MAX_FOR_READERS ? MAX_FOR_READERS : undefined;
  }

  /** Removes a dry run. Returns false if it has already ended. */
  #remove(running: Running): boolean {
    const rest = this.#running.filter((other) => other !== running);
    if (rest.length === this.#running.length) return false;
    this.#running = rest;
    if (rest.length === 0) this.#wantRows(false);
    return true;
  }

  #end(running: Running, seenNow: number, nowMs: number): void {
    this.#remove(running);
    const { play, dryRun, begunAt } = running;
    const rules = new Map(play.compiled.ruleset.rules.map((rule) => [rule.id, rule]));
    const byRule = [...dryRun.byRule()].sort(([, a], [, b]) => b.packets - a.packets);
    running.done({
      seconds: Math.round((nowMs - (begunAt?.ms ?? nowMs)) / 100) / 10,
      // Records and counters are not read at the same instant.
      seen: Math.max(seenNow - (begunAt?.seen ?? seenNow), dryRun.evaluated),
      judged: dryRun.evaluated,
      denied: { ...dryRun.denied },
      observed: { ...dryRun.observed },
      ...limitsNotEvaluated(play.compiled.ruleset.rules),
      by_rule: byRule.flatMap(([id, amount]) => {
        const rule = rules.get(id);
        return rule === undefined ? [] : { ...play.nameOf(id), rule: ruleSentence(rule, nowMs), ...amount };
      }),
      by_source: dryRun.bySource(),
      by_port: dryRun.byPort(),
      lockouts: play.lockouts.map(({ kind, address }) => ({ kind, address })),
    });
  }
}

/** Limits depend on the time and the order of packets, of which a sample is evaluated in batches. */
export function limitsNotEvaluated(rules: readonly Pick<Rule, 'action'>[]): Pick<DryRunReport, 'limits_not_evaluated'> {
  const limits = rules.filter(({ action }) => action === 'limit').length;
  return limits === 0 ? {} : { limits_not_evaluated: limits };
}

function isSameClient(one: DryRunCaller, other: DryRunCaller): boolean {
  return one === other || (one.client !== undefined && one.client === other.client);
}
