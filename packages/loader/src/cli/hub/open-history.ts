/** Opens the history of a hub: locks its spool, and reads what an earlier hub left in it. */
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { History } from '@packetlog/hub/history';
import type { Logger } from 'pino';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../rules/store/state-lock.ts';
import type { HistorySettings } from './history-options.ts';

export interface OpenHistory {
  readonly history: History;
  readonly close: () => Promise<void>;
}

/** ClickHouse need not run. Throws SetupError. */
export async function openHistory(settings: HistorySettings, log: Logger): Promise<OpenHistory> {
  const { spool, urls, cluster, user, password, hasAll, maxSpoolBytes } = settings;
  let lock: number | undefined;
  try {
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    lock = openSync(join(spool, 'lock'), constants.O_RDWR | constants.O_CREAT, 0o600);
    if (!lockFile(lock)) throw inUse(spool);
    const history = await History.open({
      directory: spool,
      ...{ hasAll, maxSpoolBytes, log },
      clickhouse: {
        urls,
        ...(cluster !== undefined && { cluster }),
        ...(user !== undefined && { user }),
        ...(password !== undefined && { password }),
      },
    });
    const held = lock;
    const close = async () => {
      await history.close();
      closeSync(held);
    };
    return { history, close };
  } catch (cause) {
    if (lock !== undefined) closeSync(lock);
    if (cause instanceof SetupError) throw cause;
    const next = 'Name a directory that can be written with --spool DIR.';
    throw new SetupError({ step: 'open the spool', target: spool, next, exit: 'failed', cause });
  }
}

function inUse(target: string): SetupError {
  const problem = 'another hub uses it';
  return new SetupError({
    step: 'open the spool',
    target,
    problem,
    next: 'Name another directory with --spool DIR.',
    exit: 'failed',
  });
}
