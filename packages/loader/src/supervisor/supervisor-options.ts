/** What a supervised server needs from the rest of the core. */
import type { Hello, Listener, Notice } from '@packetlog/common';
import type { BansAccess } from '../ipc/defence/bans-access.ts';
import type { FleetAccess } from '../ipc/fleet/fleet-access.ts';
import type { PassTo, PipeEnds, ServerPipes } from '../ipc/messages.ts';
import type { PastAccess } from '../ipc/past-access.ts';
import type { RulesAccess } from '../ipc/rules-access.ts';
import type { ServerSettings } from '../ipc/server-messages.ts';
import type { LineLimit } from '../line-limit.ts';
import type { Launcher } from './launcher.ts';

/** The drain thread, as far as the server needs it. */
export interface Reader {
  readonly ready: { readonly stride: number; readonly recordOffset: number };
  makePipes(passTo: PassTo): Promise<ServerPipes>;
  serverStarted(ends: PipeEnds): void;
  serverEnded(): void;
  want(by: 'server', perSecond: number): void;
  setHasClients(hasClients: boolean): void;
  setLowLatency(lowLatency: boolean): void;
}

export interface SupervisorOptions {
  readonly launcher: Launcher;
  /** Reads files and options again; `port`: the requested one, or the one that the first server opened. */
  readonly settings: (port: number) => Promise<ServerSettings>;
  readonly listeners: () => Promise<Listener[]>;
  readonly isHealthy: () => boolean;
  readonly notice: (notice: Notice) => void;
  /** Reports the GeoIP files in use, or why the new ones are not. */
  readonly places: (labels: readonly string[], problem: string | undefined) => void;
  readonly debug: (facts: object, message: string) => void;
  /** Limits log lines that the server can cause. */
  readonly lines: LineLimit;
}

/** What is needed once the program is attached. */
export interface Attached {
  readonly reader: Reader;
  readonly rules: RulesAccess;
  readonly bans: BansAccess;
  /** Undefined: nothing is recorded. */
  readonly past: PastAccess | undefined;
  /** Undefined: there is no hub. */
  readonly fleet: FleetAccess | undefined;
  readonly hello: () => Hello;
}
