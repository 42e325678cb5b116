/** Opens the state of a hub for a command. */
import { join } from 'node:path';
import { type HubState, openFileState, StateError } from '@packetlog/hub';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../rules/store/state-lock.ts';
import type { HubPlace } from './hub-command-options.ts';

const SOCKET_NAME = 'hub.sock';

export function controlSocketOf({ state, socket }: HubPlace): string {
  return socket ?? join(state, SOCKET_NAME);
}

/** Throws SetupError. */
export async function openHubState(state: string): Promise<HubState> {
  try {
    return await openFileState({ directory: state, lockFile });
  } catch (error) {
    throw error instanceof StateError ? asSetupError(error) : error;
  }
}

function asSetupError(error: StateError): SetupError {
  const { step, target, problem, next } = error;
  return new SetupError({ step, target, problem, next, exit: 'failed', cause: error });
}
