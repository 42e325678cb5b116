/** Sends the content of followed files to the pipeline once they are complete. */
import type { Notice } from '@packetlog/common';
import { Mutex } from '../../mutex.ts';
import type { Compiler } from '../compiler/worker/compiler.ts';
import type { Alarms } from '../engine/alarms.ts';
import { FILE, refreshing } from '../engine/change.ts';
import { messageOf } from '../engine/rejection-text.ts';
import type { RulesService } from '../engine/rules-service.ts';
import { endOf } from '../lists/formats/open-end.ts';
import { invalid, RulesRejection } from '../ruleset/rejection.ts';
import type { NamedSet } from '../ruleset/ruleset.ts';
import { writerOf } from '../store/open-writers.ts';
import { readSet, requireGood, sameBytes } from '../store/read-set.ts';
import type { RuleStore } from '../store/rule-store.ts';
import { isSettled, SetFiles, stampOf } from './set-files.ts';

/** How long a file that looks truncated counts as still being written. */
const CUT_OFF_MS = 60_000;
const MAX_QUOTE = 80;

export interface FollowedParts {
  readonly service: Pick<RulesService, 'ruleset' | 'ask' | 'refreshed' | 'isLost'> & {
    readonly alarms: Pick<Alarms, 'raise' | 'end'>;
  };
  readonly store: Pick<RuleStore, 'setFile' | 'readSetFile'>;
  readonly compiler: Compiler;
  readonly notice: (notice: Notice) => void;
  /** Finds the process that has the file open for writing; tests replace it. */
  readonly writerOf?: typeof writerOf;
}

export class FollowedFiles {
  readonly #parts: FollowedParts;
  readonly #files: SetFiles;
  readonly #mutex = new Mutex();
  #isBusy = false;

  constructor(parts: FollowedParts) {
    this.#parts = parts;
    this.#files = new SetFiles((path) => parts.store.setFile(path));
  }

  /** Reads the files that have changed and settled. Call it about once a second. */
  poll(): void {
    const names = this.#files.changed(this.#parts.service.ruleset);
    if (!this.#isBusy && names.length > 0) void this.#refresh(names);
  }

  /** Reads all files that differ, at start and on request; leaves recently written ones to `poll`. */
  async takeAll(): Promise<void> {
    const { service, store } = this.#parts;
    const followed = [...service.ruleset.sets.values()].flatMap(({ name, origin }) =>
      origin.kind === 'file' && isSettled(store.setFile(origin.path)) ? name : [],
    );
    await this.#refresh(followed);
  }

  async #refresh(names: readonly string[]): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#mutex.run(async () => {
        for (const name of names) {
          const set = this.#parts.service.ruleset.sets.get(name);
          if (set?.origin.kind === 'file') await this.#take(set, set.origin.path);
        }
      });
    } finally {
      this.#isBusy = false;
    }
  }

  async #take(known: NamedSet, path: string): Promise<void> {
    const { service, store, compiler, writerOf: writer = writerOf } = this.#parts;
    const file = store.setFile(path);
    const stamp = stampOf(file);
    try {
      const text = await store.readSetFile(file);
      if (known.text !== undefined && sameBytes(text, known.text)) return this.#agrees(known, path, stamp);
      // Checked before the stamp: a writer that exits between the two checks has changed the stamp.
      if ((await writer(file)) !== undefined || stampOf(file) !== stamp) return this.#files.postpone(known, path);
      const end = endOf(text);
      const isYoung = end !== 'whole' && this.#files.stillMs(known, path) < CUT_OFF_MS;
      if (isYoung && end !== 'of its form') return this.#files.postpone(known, path);
      if (typeof end === 'object') throw cutOff(end.lastLine, file);
      const read = await readSet(compiler, { ...known, text, loadedAtMs: Date.now() });
      if (isYoung && read.badLineCount > 0) return this.#files.postpone(known, path);
      const set = requireGood(read);
      await service.ask(refreshing(set, FILE));
      service.refreshed(set);
      this.#agrees(set, path, stamp);
      this.#report('info', 'rules_changed', `Set ${known.name} was read again from ${path}.`);
    } catch (error) {
      this.#rejected(known, path, stamp, error);
    }
  }

  #agrees(set: NamedSet, path: string, stamp: string): void {
    this.#files.decide(set, path, stamp);
    // An empty file equals the empty rest of a lost list: keep the alarm.
    if (!this.#parts.service.isLost(set)) this.#parts.service.alarms.end(`set_file ${set.name}`);
  }

  #rejected(set: NamedSet, path: string, stamp: string, error: unknown): void {
    // Retry internal errors: a full disk may have space later.
    if (error instanceof RulesRejection && error.error.code === 'internal') this.#files.postpone(set, path);
    else this.#files.decide(set, path, stamp);
    const message = `Set ${set.name} stays as it is: ${path} has changed, but ${messageOf(error)}`;
    if (this.#parts.service.alarms.raise(`set_file ${set.name}`, message))
      this.#report('error', 'set_refused', message);
  }

  #report(level: Notice['level'], code: Notice['code'], message: string): void {
    this.#parts.notice({ at_ms: Date.now(), level, code, message });
  }
}

/** Builds the rejection of a list that may be truncated, with the command that resolves it. */
function cutOff(lastLine: string, file: string): RulesRejection {
  const quoted = /^[ -~]+$/.test(lastLine) && lastLine.length <= MAX_QUOTE ? ` ("${lastLine.trim()}")` : '';
  const path = /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
  return invalid(
    `its last line${quoted} has no newline at its end, so it may be the beginning of a longer line. If the list is ` +
      `complete, add the newline: echo >> ${path}. If not, write the list again.`,
  );
}
