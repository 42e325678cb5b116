import type { Loader } from '../connection/loader.ts';
import type { Recorders } from '../state/figures.ts';
import type { AskedNode } from './all-nodes-recorded.ts';

/** Returns whether a node can be asked about recorded packets. */
export function accessOf({ store }: Loader): AskedNode['access'] {
  const { state } = store.connection;
  const { ledger } = store.getSnapshot().figures;
  if ((state !== 'live' && state !== 'stale') || ledger === null) return 'unreachable';
  return ledger.recorder === undefined ? 'no_recorder' : 'recording';
}

/** Returns whether it is known if a node records, or why that is not known. */
export function isSettled({ store }: Loader): boolean {
  return store.getSnapshot().figures.ledger !== null || store.connection.state !== 'connecting';
}

/** The recorders of all nodes, and how often one of them became reachable. */
export class RecorderReach {
  readonly #loaders: readonly Loader[];
  #reached: readonly boolean[];
  #joined = 0;

  constructor(loaders: readonly Loader[]) {
    this.#loaders = loaders;
    this.#reached = loaders.map(() => false);
  }

  sum(): Recorders {
    const reached = this.#loaders.map((loader) => accessOf(loader) === 'recording');
    this.#joined += reached.filter((isReached, i) => isReached && !this.#reached[i]).length;
    this.#reached = reached;
    const recorders = this.#loaders.flatMap(({ store }) => store.getSnapshot().figures.ledger?.recorder ?? []);
    const oldest = recorders.map(({ oldest_ms }) => oldest_ms).filter((ms) => ms > 0);
    return {
      recording: recorders.length,
      of: this.#loaders.length,
      oldest_ms: oldest.length === 0 ? 0 : Math.min(...oldest),
      joined: this.#joined,
    };
  }
}
