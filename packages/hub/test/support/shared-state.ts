import type { HubState } from '../../src/state/hub-state.ts';

const METHODS = ['get', 'list', 'put', 'remove', 'watch', 'putBlob', 'getBlob', 'removeBlob', 'close'] as const;

/** Returns the same state as if it were in NATS: several hubs use it, and each sees what the others change. */
export function sharedBy(state: HubState): HubState {
  const bound: Record<string, unknown> = { isShared: true };
  for (const name of METHODS) bound[name] = (state[name] as (...args: unknown[]) => unknown).bind(state);
  return bound as unknown as HubState;
}
