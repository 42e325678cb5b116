/** What is kept of bans on the disk. A full disk ends no ban: failures are counted, and reported once. */
import { existsSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Decision, MAX_BANS, type Notice } from '@packetlog/common';
import { type BansFile, readBansFile, type StoredBan, writeBansFile } from '../rules/store/bans-file.ts';
import { rejectedName } from '../rules/store/set-aside.ts';
import type { StatePaths } from '../rules/store/state-directory.ts';
import { DecisionLog, type UndoneBan } from './decision-log.ts';

export interface StoredBans extends Pick<BansFile, 'next_decision' | 'bans' | 'strikes' | 'undone'> {
  readonly clock?: BansFile['clock'];
}

export class BansStore {
  readonly log: DecisionLog;
  readonly #paths: Pick<StatePaths, 'bans' | 'decisions'>;
  readonly #notice: (notice: Notice) => void;
  /** Writes that failed since the start. */
  failures = 0;
  #problem: string | undefined;

  readonly #isReadOnly: boolean;

  /** `isReadOnly`: a damaged file is not set aside. */
  constructor(
    paths: Pick<StatePaths, 'bans' | 'decisions'>,
    notice: (notice: Notice) => void,
    { isReadOnly = false } = {},
  ) {
    this.#isReadOnly = isReadOnly;
    this.#paths = paths;
    this.#notice = notice;
    this.log = new DecisionLog(paths.decisions);
  }

  /** Reads the bans of earlier loaders; from the decisions if their file is lost or damaged. Never throws. */
  read(nowMs: number): StoredBans {
    const file = readBansFile(this.#paths.bans);
    if (file !== undefined && !('problem' in file)) return file;
    const restored = this.#restored(nowMs);
    if (file === undefined || this.#isReadOnly) return restored;
    this.#report(
      `The file of the bans ${this.#paths.bans} ${file.problem}. ${restored.bans.length} bans were restored from the decisions. ${this.#setAside(nowMs)}`,
    );
    return restored;
  }

  /** Returns false if it could not be written: the bans stay in force, but the next loader does not know the last of them. */
  write(file: BansFile): boolean {
    return this.#attempt(() => writeBansFile(this.#paths.bans, file));
  }

  append(decisions: readonly Decision[]): boolean {
    return this.#attempt(() => this.log.append(decisions));
  }

  undone(undone: readonly UndoneBan[]): boolean {
    return this.#attempt(() => this.log.undone(undone));
  }

  #attempt(write: () => void): boolean {
    try {
      write();
      this.#problem = undefined;
      return true;
    } catch (error) {
      this.failures++;
      const why = (error as Error).message;
      if (why !== this.#problem) {
        this.#problem = why;
        this.#report(
          `Bans and decisions cannot be stored: ${why}. They stay in force, but the next loader does not know them. Free space on the disk, or make ${dirname(this.#paths.bans)} writable.`,
        );
      }
      return false;
    }
  }

  #restored(nowMs: number): StoredBans {
    const decisions = this.#decisions(nowMs);
    const bans = decisions
      .flatMap((decision) => storedBan(decision, nowMs) ?? [])
      .slice(0, MAX_BANS)
      .reverse();
    return { next_decision: (decisions[0]?.id ?? 0) + 1, bans, strikes: [] };
  }

  #decisions(nowMs: number): Decision[] {
    try {
      return this.log.find({ limit: Number.POSITIVE_INFINITY }, nowMs);
    } catch {
      return [];
    }
  }

  #setAside(nowMs: number): string {
    const { bans } = this.#paths;
    const copy = join(dirname(bans), rejectedName(basename(bans), nowMs));
    try {
      if (existsSync(bans)) renameSync(bans, copy);
      return `It was renamed to ${copy}.`;
    } catch {
      return 'It will be overwritten.';
    }
  }

  #report(message: string): void {
    this.#notice({ at_ms: Date.now(), level: 'error', code: 'bans_not_stored', message });
  }
}

function storedBan(decision: Decision, nowMs: number): StoredBan | undefined {
  const { kind, ends_at_ms, undone, id, source, rule, at_ms, strike } = decision;
  if (kind !== 'ban' || ends_at_ms === undefined || ends_at_ms <= nowMs || undone !== undefined) return undefined;
  return { decision: id, source, limit_rule: rule.id, began_at_ms: at_ms, ends_at_ms, strike };
}
