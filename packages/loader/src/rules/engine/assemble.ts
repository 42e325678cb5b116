/** Creates the parts of the rules engine and connects them. */
import type { AuditEntry, Notice } from '@packetlog/common';
import { History } from '../ruleset/change-history.ts';
import { Pending } from '../ruleset/pending.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { AuditLog } from '../store/audit-log.ts';
import { Alarms } from './alarms.ts';
import { Batches } from './batches.ts';
import type { Change } from './change.ts';
import { ChangeQueue } from './change-queue.ts';
import { FileLoads, type FileLoadsParts } from './file-loads.ts';
import { InterfaceNames } from './interface-names.ts';
import { Journal } from './journal.ts';
import { LockoutForecast } from './lockout-forecast.ts';
import { LostLists } from './lost-lists.ts';
import { Pipeline, type PipelineParts } from './pipeline.ts';
import { Undo } from './undo.ts';
import { WaitingChange } from './waiting-change.ts';

type Store = PipelineParts['store'] & FileLoadsParts['store'];

export interface RulesServiceOptions
  extends Pick<PipelineParts, 'enforcement' | 'protectedNow' | 'confirmMs'>,
    Pick<FileLoadsParts, 'rulesFile'> {
  readonly store: Store;
  readonly audit: Pick<AuditLog, 'append'>;
  /** Called when the snapshot has changed. */
  readonly changed: () => void;
  readonly notice: (notice: Notice) => void;
  /** Called with rules that are confirmed and in force. */
  readonly enforced?: (ruleset: Ruleset) => Promise<void>;
}

export type About = Pick<Change<unknown>, 'what' | 'who' | 'why'>;

/** The callbacks of the engine's owner. */
export interface Hooks {
  /** Revision of the current rules. */
  readonly revision: () => number;
  /** Reports that the rules or their alarms have changed; returns the new revision. */
  readonly report: () => number;
  /** Called when the lease of the pending change has ended. */
  readonly timeIsOver: () => void;
}

export interface Engine {
  readonly queue: ChangeQueue;
  readonly pipeline: Pipeline;
  readonly parts: PipelineParts;
  readonly journal: Journal;
  readonly history: History;
  readonly pending: Pending;
  readonly alarms: Alarms;
  readonly files: FileLoads;
  readonly forecast: LockoutForecast;
  readonly lost: LostLists;
  readonly waiting: WaitingChange;
  readonly batches: Batches;
  readonly undo: Undo;
  readonly names: InterfaceNames;
  /** Audits an event that is not a requested change. */
  readonly note: (about: About, before?: AuditEntry['before']) => void;
}

export function assemble(options: RulesServiceOptions, { revision, report, timeIsOver }: Hooks): Engine {
  const { enforcement, store, rulesFile, protectedNow, confirmMs, enforced = async () => {} } = options;
  const history = new History();
  const pending = new Pending();
  // `batches` reports a change together with the alarms that it raises and ends.
  const alarms = new Alarms(() => batches.reportSoon());
  const journal = new Journal(options.audit, options.notice, alarms);
  const lost = new LostLists(alarms, journal);
  const note: Engine['note'] = (about, before) => journal.record(revision() + 1, about, before && { before });
  const parts: PipelineParts = {
    enforcement,
    store,
    history,
    pending,
    protectedNow,
    confirmMs,
    timeIsOver,
    enforced,
    wrote: () => alarms.end('rules_file'),
    notWritten: (message) => files.rejected(message),
    isLost: (set) => lost.has(set),
    reverted: (why, isFromFile) => waiting.fell(why, isFromFile),
    notKept: (problem) => files.notKept(problem),
  };
  const pipeline = new Pipeline(parts);
  const forecast = new LockoutForecast(parts, alarms, journal);
  const batches = new Batches({ pipeline, parts, alarms, journal, forecast, lost, revision, report });
  const queue = new ChangeQueue((batch) => batches.run(batch));
  const files = new FileLoads({
    store,
    rulesFile,
    alarms,
    journal,
    confirmed: () => enforcement.confirmed.ruleset,
    pending,
    revision,
    make: (change) => batches.make(change),
    note,
  });
  const waiting = new WaitingChange({
    pipeline: parts,
    files,
    fileAgrees: (ruleset) => store.fileAgrees(ruleset),
    journal,
    note,
    changed: () => {
      forecast.check();
      lost.update(enforcement.top.ruleset.sets.values());
      return report();
    },
  });
  const undo = new Undo({
    history,
    pending,
    ask: (change) => queue.ask(change),
    revert: (caller) => queue.run(() => waiting.revert(caller)),
  });
  const names = new InterfaceNames({ enforcement, pending, queue, journal });
  return {
    queue,
    pipeline,
    parts,
    journal,
    history,
    pending,
    alarms,
    files,
    forecast,
    lost,
    waiting,
    batches,
    undo,
    names,
    note,
  };
}
