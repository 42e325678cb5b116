/** What the server needs from the core: rules, recorded packets, lookups of this machine's processes, and rows. */
import type { Listener } from '@packetlog/common';
import type { BansForClients } from '../ipc/defence/bans-access.ts';
import type { PastForClients } from '../ipc/past-access.ts';
import type { RulesForClients } from '../ipc/rules-access.ts';

export interface Core {
  readonly rules: RulesForClients;
  readonly past: PastForClients;
  readonly bans: BansForClients;
  /** Returns the processes that listen on ports. Rejects if the core cannot tell. */
  listeners(): Promise<Listener[]>;
  /** Returns whether the loader is attached and does what was requested. */
  isHealthy(): Promise<boolean>;
  /** Requests rows; each call is answered once, in order, by a mark between the rows. */
  wantRows(perSecond: number): void;
  /** Whether any client is connected. */
  setHasClients(hasClients: boolean): void;
  /** Whether any client needs low latency; initially false. */
  setLowLatency(lowLatency: boolean): void;
  /** `operators`: addresses of the clients that may change rules. */
  setClients(clients: number, operators: readonly string[]): void;
}
