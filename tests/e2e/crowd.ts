/** Socket clients in a separate process, inside a namespace. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClientLedger, Ledger } from '@packetlog/common';
import type { Namespace } from '../lab/namespace.ts';

const SCRIPT = fileURLToPath(new URL('./crowd.mjs', import.meta.url));

/** What a client received, see crowd.mjs. */
export interface Account {
  readonly received: number;
  readonly batches: number;
  /** Batches with an unexpected sequence number. */
  readonly gaps: number;
  /** Headers that did not add up. */
  readonly wrong: number;
  readonly offered: number;
  readonly dropped: number;
  readonly withheld: number;
  readonly filtered: number;
  /** With `weigh`: the sum of the weights w, and of w * (w - 1). */
  readonly weights: number;
  readonly variance: number;
  readonly ledger: ClientLedger | null;
  readonly queueDropped: number;
  readonly connected: boolean;
}

export interface Crowd {
  readonly pid: number;
  ask<T>(what: string, argument?: unknown): Promise<T>;
  accounts(): Promise<Account[]>;
  /** The last ledger that the first client received. */
  ledger(): Promise<Ledger | null>;
  /** Ends the process, whose clients vanish. */
  end(): Promise<void>;
}

export async function startCrowd(namespace: Namespace): Promise<Crowd> {
  const child: ChildProcess = namespace.spawn(process.execPath, [SCRIPT], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  const ask = async <T>(what: string, argument?: unknown): Promise<T> => {
    const answer = once(child, 'message') as Promise<[{ value: T; error?: string }]>;
    child.send({ what, argument });
    const [{ value, error }] = await answer;
    if (error !== undefined) throw new Error(error);
    return value;
  };
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, ask, accounts: () => ask('accounts'), ledger: () => ask('ledger'), end };
}
