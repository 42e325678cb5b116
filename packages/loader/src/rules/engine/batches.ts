/** Runs each batch of changes through the pipeline, then its last stage, audit: records them, updates clients. */
import type { Alarms } from './alarms.ts';
import type { Change } from './change.ts';
import type { Done, Waiting } from './change-queue.ts';
import type { Journal } from './journal.ts';
import type { LockoutForecast } from './lockout-forecast.ts';
import type { LostLists } from './lost-lists.ts';
import type { Pipeline, PipelineParts } from './pipeline.ts';
import type { Applied } from './propose.ts';

export interface BatchesParts {
  readonly pipeline: Pipeline;
  readonly parts: Pick<PipelineParts, 'enforcement' | 'pending'>;
  readonly alarms: Alarms;
  readonly journal: Journal;
  readonly forecast: LockoutForecast;
  readonly lost: LostLists;
  /** Revision of the current rules. */
  readonly revision: () => number;
  /** Reports that the rules or their alarms have changed. */
  readonly report: () => void;
}

export class Batches {
  readonly #parts: BatchesParts;
  #isChanging = false;
  #isUnreported = false;

  constructor(parts: BatchesParts) {
    this.#parts = parts;
  }

  /** Reports changed alarms: a change is reported together with the alarms that it raises and ends. */
  reportSoon(): void {
    if (this.#isChanging) this.#isUnreported = true;
    else this.#parts.report();
  }

  /** Makes all changes of the batch, or rejects with a RulesRejection and makes none. Call it from within the queue. */
  async run(batch: readonly Waiting[]): Promise<void> {
    const { pipeline, parts, revision } = this.#parts;
    const changes = batch.map(({ change }) => change);
    this.#isChanging = true;
    try {
      const passed = await pipeline.run(changes, revision());
      const { applied, differs, risk, waits } = passed;
      const lockoutWarning = differs ? this.#audit(applied, risk) : undefined;
      const warning = [passed.warning, lockoutWarning].filter(Boolean).join(' ') || undefined;
      const answer = { revision: revision(), pending: waits ? parts.pending.forClients : undefined, warning };
      for (const [i, { outcome }] of applied.entries()) batch[i]?.done({ value: outcome.value, ...answer });
    } finally {
      this.#isChanging = false;
      if (this.#isUnreported) this.#report();
    }
  }

  /** Makes one change. Call it from within the queue. */
  make<Value>(change: Change<Value>): Promise<Done<Value>> {
    return new Promise((resolve, reject) => {
      const done = (answer: Done<unknown>) => resolve(answer as Done<Value>);
      this.run([{ change, done, reject }]).catch(reject);
    });
  }

  /** Records the changes and updates the alarms. Returns a warning about later effects of the changes. */
  #audit(applied: readonly Applied[], risk: string | undefined): string | undefined {
    const { parts, alarms, journal, forecast, lost, revision } = this.#parts;
    const warning = forecast.check(applied.at(-1)?.change.who);
    for (const { change, before, outcome } of applied) {
      // A new list resolves the alarm about the old one.
      for (const [name, set] of outcome.ruleset.sets) {
        if (before.sets.get(name) !== set) alarms.end(`set_file ${name}`);
      }
      journal.record(revision() + 1, change, outcome, risk);
    }
    const { sets } = parts.enforcement.top.ruleset;
    alarms.keepSets((name) => sets.has(name));
    lost.update(sets.values());
    this.#report();
    return warning;
  }

  #report(): void {
    this.#isUnreported = false;
    this.#parts.report();
  }
}
