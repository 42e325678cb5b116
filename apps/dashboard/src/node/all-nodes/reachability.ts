import type { Loader } from '../connection/loader.ts';
import type { PageNotice } from '../state/figures.ts';

export function isLive(loader: Loader): boolean {
  return loader.store.connection.state === 'live';
}

/** Notices about nodes that become unreachable, and reachable again. */
export class Reachability {
  readonly #loaders: readonly Loader[];
  /** Of each node; undefined before it was reachable for the first time. */
  readonly #wereLive: (boolean | undefined)[];

  constructor(loaders: readonly Loader[]) {
    this.#loaders = loaders;
    this.#wereLive = loaders.map((loader) => isLive(loader) || undefined);
  }

  /**
   * Returns a notice for each node whose state has changed since the last call. `names` are in the order of the
   * loaders.
   */
  changes(names: readonly string[]): PageNotice[] {
    return this.#loaders.flatMap((loader, i) => {
      const [before, live] = [this.#wereLive[i], isLive(loader)];
      if (before === undefined && !live) return [];
      this.#wereLive[i] = live;
      return before === undefined || before === live ? [] : [notice(names[i] ?? '', live)];
    });
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
