/** `packetlog status`: prints the state of the running loader, for people, scripts and health checks. */
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../errors/exit-codes.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { LoaderStatus } from '../ipc/loader-status.ts';
import { ControlClient, NoLoaderError } from '../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../rules/store/state-directory.ts';
import { CLEAR_SCREEN } from './process/clear-screen.ts';
import { terminalJson } from './process/terminal-text.ts';
import { unreachable } from './process/unreachable.ts';
import { problemsOf } from './run/health.ts';
import { completenessOf, statusText } from './status-text.ts';

const WATCH_MS = 1000;

export interface StatusOptions {
  json: boolean;
  /** Print again each second, until the loader ends or the output closes. */
  watch: boolean;
}

/**
 * Prints the status. Resolves with the exit code: 0 if the loader watches every interface and its rules are in force, 1
 * if not. Throws SetupError if no loader answers.
 */
export async function status(
  paths: StatePaths,
  { json, watch }: StatusOptions,
  print: (text: string) => void,
  isTerminal: boolean,
): Promise<number> {
  checkStateDirectory(paths);
  for (;;) {
    const loaderStatus = await fetchStatus(paths.controlSocket);
    const problems = problemsOf(loaderStatus);
    const text = json
      ? terminalJson({ ...loaderStatus, completeness: completenessOf(loaderStatus), problems })
      : statusText(loaderStatus, Date.now()).join('\n');
    print(`${watch && !json && isTerminal ? CLEAR_SCREEN : ''}${text}\n`);
    if (!watch) return problems.length === 0 ? EXIT.ok : EXIT.failed;
    await delay(WATCH_MS);
  }
}

async function fetchStatus(socket: string): Promise<LoaderStatus> {
  try {
    return await new ControlClient(socket, { user: 'root' }).status();
  } catch (cause) {
    if (cause instanceof NoLoaderError) {
      throw new SetupError({
        step: 'get status from',
        target: socket,
        problem: 'packetlog is not running',
        next: 'Start it: systemctl start packetlog, or packetlog run.',
        exit: 'failed',
        cause,
      });
    }
    throw unreachable(socket, cause, 'packetlog status');
  }
}
