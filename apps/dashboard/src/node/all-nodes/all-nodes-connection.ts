import { type Connection, dataAt } from '../state/connection.ts';

/** Returns the state of the best connection; missing nodes are reported separately. */
export function bestConnection(connections: readonly Connection[]): Connection {
  for (const state of ['live', 'stale', 'connecting', 'lost', 'rejected', 'no-token'] as const) {
    const [best] = connections
      .filter((connection) => connection.state === state)
      .sort((a, b) => (dataAt(b) ?? 0) - (dataAt(a) ?? 0));
    if (best !== undefined) return best;
  }
  return { state: 'no-token' };
}
