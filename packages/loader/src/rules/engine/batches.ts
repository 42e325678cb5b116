/** Changes on their way: each batch through the pipeline, and then, audit, the last stage: on record, told to clients. */
import type { Alarms } from './alarms.ts';
import type { Change } from './change.ts';
import type { Done, Waiting } from './change-queue.ts';
import type { Journal } from './journal.ts';
import type { LookAhead } from './look-ahead.ts';
import type { LostLists } from './lost-lists.ts';
import type { Pipeline, PipelineParts } from './pipeline.ts';
import type { Applied } from './propose.ts';

export interface BatchesParts {
  readonly pipeline: Pipeline;
  readonly parts: Pick<PipelineParts, 'enforcement' | 'pending'>;
  readonly alarms: Alarms;
  readonly journal: Journal;
  readonly ahead: LookAhead;
  readonly lost: LostLists;
  /** Of the rules now. */
  readonly revision: () => number;
  /** The rules, or the alarms about them, are others now. */
  readonly tell: () => void;
}

export class Batches {
  readonly #parts: BatchesParts;
  #isChanging = false;
  #isUntold = false;

  constructor(parts: BatchesParts) {
    this.#parts = parts;
  }

  /** Alarms are others: a change is told with the alarms that it raises and ends. */
  tellSoon(): void {
    if (this.#isChanging) this.#isUntold = true;
    else this.#parts.tell();
  }

  /** All of them, or none and it rejects with a RulesRejection. Call it in its turn. */
  async run(batch: readonly Waiting[]): Promise<void> {
    const { pipeline, parts, revision } = this.#parts;
    const changes = batch.map(({ change }) => change);
    this.#isChanging = true;
    try {
      const passed = await pipeline.run(changes, revision());
      const { applied, differs, risk, waits } = passed;
      const ahead = differs ? this.#audit(applied, risk) : undefined;
      const warning = [passed.warning, ahead].filter(Boolean).join(' ') || undefined;
      const told = { revision: revision(), pending: waits ? parts.pending.told : undefined, warning };
      for (const [i, { outcome }] of applied.entries()) batch[i]?.done({ value: outcome.value, ...told });
    } finally {
      this.#isChanging = false;
      if (this.#isUntold) this.#tell();
    }
  }

  /** One change in the turn that this is called in. */
  make<Value>(change: Change<Value>): Promise<Done<Value>> {
    return new Promise((resolve, reject) => {
      const done = (told: Done<unknown>) => resolve(told as Done<Value>);
      this.run([{ change, done, refuse: reject }]).catch(reject);
    });
  }

  /** Alarms as they are now. Gives what will follow from the changes later. */
  #audit(applied: readonly Applied[], risk: string | undefined): string | undefined {
    const { parts, alarms, journal, ahead, lost, revision } = this.#parts;
    const warning = ahead.look(applied.at(-1)?.change.who);
    for (const { change, before, outcome } of applied) {
      // The alarm is about a list that this one replaces.
      for (const [name, set] of outcome.ruleset.sets) {
        if (before.sets.get(name) !== set) alarms.end(`set_file ${name}`);
      }
      journal.record(revision() + 1, change, outcome, risk);
    }
    const { sets } = parts.enforcement.top.ruleset;
    alarms.keepSets((name) => sets.has(name));
    lost.look(sets.values());
    this.#tell();
    return warning;
  }

  #tell(): void {
    this.#isUntold = false;
    this.#parts.tell();
  }
}
