/**
 * Three ways to get a server process: start a child, let the helper start one, or accept one that the service manager
 * started.
 */
import type { PassTo, ServerPipes } from '../ipc/messages.ts';
import type { RunEvents, ServerRun } from './server-run.ts';

/** Creates the pipes of a server. */
export interface PipeSource {
  makePipes(passTo: PassTo): Promise<ServerPipes>;
}

export interface Launcher {
  /** Whether the core decides when a process starts, rather than the service manager. */
  readonly isChild: boolean;
  /** Resolves with a run that waits for `open`. Throws SetupError. */
  launch(pipes: PipeSource, events: RunEvents): Promise<ServerRun>;
  /** Accepts no further server. */
  close(): void;
}
