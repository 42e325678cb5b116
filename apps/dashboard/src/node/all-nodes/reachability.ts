import type { Loader } from '../connection/loader.ts';
import type { PageNotice } from '../state/figures.ts';

export function isLive(loader: Loader): boolean {
  return loader.store.connection.state === 'live';
}

/** Notices about nodes that become unreachable, and reachable again. */
export class Reachability {
  readonly #loaders: readonly Loader[];
  #wereLive: readonly boolean[];

  constructor(loaders: readonly Loader[]) {
    this.#loaders = loaders;
    this.#wereLive = loaders.map(isLive);
  }

  /**
   * Returns a notice for each node whose state has changed since the last call. `names` are in the order of the
   * loaders.
   */
  changes(names: readonly string[]): PageNotice[] {
    const before = this.#wereLive;
    this.#wereLive = this.#loaders.map(isLive);
    return this.#wereLive.flatMap((live, i) => (live === before[i] ? [] : [notice(names[i] ?? '', live)]));
  }
}

function notice(name: string, live: boolean): PageNotice {
  return live
    ? {
        at_ms: Date.now(),
        level: 'info',
        code: 'interface_returned',
        message: `${name} is reachable again and counts in All nodes.`,
      }
    : {
        at_ms: Date.now(),
        level: 'warning',
        code: 'interface_gone',
        message: `${name} is unreachable: its packets are missing from All nodes until it is back.`,
      };
}
