/** Opens the state of a hub for a command. */
import { join } from 'node:path';
import { type HubState, isNatsUrl, openFileState, openNatsState, StateError } from '@packetlog/hub';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../rules/store/state-lock.ts';
import type { HubPlace } from './hub-command-options.ts';

const SOCKET_NAME = 'hub.sock';
/** Of a hub without a directory of its own. */
const SOCKET_DIRECTORY = '/run/packetlog-hub';

export function controlSocketOf({ state, socket }: HubPlace): string {
  return socket ?? join(isNatsUrl(state) ? SOCKET_DIRECTORY : state, SOCKET_NAME);
}

/** Throws SetupError. */
export async function openHubState(
  state: string,
  onConnection: (isBack: boolean) => void = () => {},
): Promise<HubState> {
  try {
    if (isNatsUrl(state)) return await openNatsState({ url: state, onConnection });
    return await openFileState({ directory: state, lockFile });
  } catch (error) {
    throw asSetupError(error);
  }
}

/** Returns an error of the hub as one of the command; others as they are. */
export function asSetupError(error: unknown): unknown {
  if (!(error instanceof StateError)) return error;
  const { step, target, problem, next } = error;
  return new SetupError({ step, target, problem, next, exit: 'failed', cause: error });
}
