/** Two ways to get a server process: start a child, or accept one that the service manager started. */
import type { ServerPipes } from '../ipc/messages.ts';
import type { RunEvents, ServerRun } from './server-run.ts';

/** Creates the pipes of a server. */
export interface PipeSource {
  makePipes(passTo?: { readonly socket: number }): Promise<ServerPipes>;
}

export interface Launcher {
  /** Whether the process is a child, which the core starts itself. */
  readonly isChild: boolean;
  /** Resolves with a run that waits for `open`. Throws SetupError. */
  launch(pipes: PipeSource, events: RunEvents): Promise<ServerRun>;
  /** Accepts no further server. */
  close(): void;
}
