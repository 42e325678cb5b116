/** Where the loader keeps what outlives it. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT_DIRECTORY = '/var/lib/packetlog';
const DEFAULT_RULES_FILE = '/etc/packetlog/rules.json';
const OWNER_ONLY = 0o700;

export interface StatePaths {
  readonly directory: string;
  /** Rules as people edit them. */
  readonly rules: string;
  /** The last rules that were read or written whole. */
  readonly lastGood: string;
  readonly audit: string;
  /** What rules counted in loaders before. */
  readonly counts: string;
  readonly controlSocket: string;
  /** One list for each set that has no file of its own. */
  readonly sets: string;
}

/** `rulesFile`: what `--rules` says. Of the environment, PACKETLOG_STATE_DIR counts. */
export function statePaths(environment: NodeJS.ProcessEnv, rulesFile?: string): StatePaths {
  const given = environment['PACKETLOG_STATE_DIR'];
  const directory = given ?? DEFAULT_DIRECTORY;
  return {
    directory,
    rules: rulesFile ?? (given === undefined ? DEFAULT_RULES_FILE : join(given, 'rules.json')),
    lastGood: join(directory, 'rules.last-good.json'),
    audit: join(directory, 'audit.ndjson'),
    counts: join(directory, 'counts.json'),
    controlSocket: join(directory, 'control.sock'),
    sets: join(directory, 'sets'),
  };
}

/** Makes the directories, for their owner alone. Throws what the file system says. */
export function makeStateDirectory({ directory, sets }: StatePaths): void {
  for (const path of [directory, sets]) {
    mkdirSync(path, { recursive: true, mode: OWNER_ONLY });
    chmodSync(path, OWNER_ONLY);
  }
}
