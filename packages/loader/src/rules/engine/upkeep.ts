/** What time does to rules: their ends come, and the files of sets change. Sleeps as long as it does nothing. */
import type { Notice } from '@packetlog/common';
import type { Compiler } from '../compiling/compiler.ts';
import type { RuleStore } from '../file/rule-store.ts';
import { FILE, refreshing } from './change.ts';
import type { RulesService } from './rules-service.ts';
import { SetFiles } from './set-files.ts';
import { readSet, requireGood } from './sets.ts';
import { messageOf } from './words.ts';

const TICK_MS = 1000;
const LONGEST_WAIT_MS = 86_400_000;

export interface UpkeepParts {
  readonly service: Pick<RulesService, 'book' | 'confirmed' | 'tick' | 'ask' | 'refreshed'>;
  readonly store: Pick<RuleStore, 'setFile' | 'readSetFile'>;
  readonly compiler: Compiler;
  readonly notice: (notice: Notice) => void;
  /** Whether somebody else needs each second. */
  readonly isWanted: () => boolean;
  /** A second that was needed is over. */
  readonly ticked: (nowMs: number) => void;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #setFiles: SetFiles;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#setFiles = new SetFiles((path) => parts.store.setFile(path));
  }

  /** Call it when the rules are others, or what is wanted is. */
  plan(): void {
    clearTimeout(this.#timer);
    if (this.#isEnded) return;
    const { service, isWanted } = this.#parts;
    const { book } = service;
    const follows = isWanted() || [...book.sets.values()].some(({ origin }) => origin.kind === 'file');
    const ends = [...book.rules, ...service.confirmed.rules].flatMap(({ expires_at }) => expires_at ?? []);
    const nextEnd = Math.min(...ends.map((end) => Math.max(TICK_MS, Date.parse(end) - Date.now())));
    const wait = follows ? TICK_MS : Math.min(nextEnd, LONGEST_WAIT_MS);
    if (follows || ends.length > 0) this.#timer = setTimeout(() => this.#tick(), wait).unref();
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const { service, ticked } = this.#parts;
    ticked(Date.now());
    service.tick();
    for (const name of this.#setFiles.changed(service.book)) void this.#refresh(name);
    this.plan();
  }

  async #refresh(name: string): Promise<void> {
    const { service, store, compiler, notice } = this.#parts;
    const known = service.book.sets.get(name);
    if (known?.origin.kind !== 'file') return;
    const { path } = known.origin;
    const tell = (level: Notice['level'], code: Notice['code'], message: string) =>
      notice({ at_ms: Date.now(), level, code, message });
    try {
      const text = store.readSetFile(store.setFile(path));
      const set = requireGood(await readSet(compiler, { ...known, text, loadedAtMs: Date.now() }));
      await service.ask(refreshing(set, FILE));
      service.refreshed(set);
      tell('info', 'rules_changed', `Set ${name} was read again from ${path}.`);
    } catch (error) {
      tell('error', 'set_refused', `Set ${name} stays as it is: ${path} has changed, but ${messageOf(error)}`);
    }
  }
}
