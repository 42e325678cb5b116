import type { Loader } from '../../node/connection/loader.ts';
import { ExportStream } from './export-stream.ts';
import { type ExportLoss, MAX_EXPORT_ROWS } from './export-text.ts';
import { RecordBuffer } from './record-buffer.ts';

export interface RecordingEvents {
  /** The buffer is full, or a connection was lost. */
  readonly onEnd: (why: 'limit' | 'broken') => void;
  /** The recording did not start; `message` is the reason, as a sentence. */
  readonly onRejected: (message: string) => void;
}

/** Records new packets of one or several loaders until it is closed. */
export class Recording {
  readonly records = new RecordBuffer(MAX_EXPORT_ROWS);
  readonly #loaders: readonly Loader[];
  readonly #streams: readonly ExportStream[];
  readonly #lostBefore: number;
  /** Interface numbers in the records if several nodes are recorded; each entry is `node:ifindex`. */
  readonly #interfaces: string[] = [];
  #starting: number;
  #startedAt: number | null = null;

  constructor(loaders: readonly Loader[], filter: string, { onEnd, onRejected }: RecordingEvents) {
    this.#loaders = loaders;
    this.#starting = loaders.length;
    this.#lostBefore = this.#lostByLoaders();
    this.#streams = loaders.map((loader, node) => {
      const indexOf = loaders.length === 1 ? undefined : (ifindex: number) => this.#indexOf(`${node}:${ifindex}`);
      return new ExportStream(loader.target ?? { loader: loader.address, token: null }, filter, {
        onStart: () => {
          this.#starting--;
          if (this.#starting === 0) this.#startedAt = performance.now();
        },
        onBatch: (batch) => {
          this.records.append(batch, indexOf);
          if (this.records.full) onEnd('limit');
        },
        onBroken: () => onEnd('broken'),
        onRejected,
      });
    });
  }

  /** Time since all loaders send; 0 before. */
  get forMs(): number {
    return this.#startedAt === null ? 0 : performance.now() - this.#startedAt;
  }

  get loss(): ExportLoss {
    const losses = this.#streams.map(({ loss }) => loss);
    return {
      before: Math.max(0, this.#lostByLoaders() - this.#lostBefore),
      page: losses.reduce((sum, { page }) => sum + page, 0),
      withheld: losses.reduce((sum, { withheld }) => sum + withheld, 0),
    };
  }

  readonly nameOf = (index: number): string | undefined => {
    if (this.#loaders.length === 1) return this.#loaders[0]?.store.state.interfaceName(index);
    const [node, ifindex] = this.#interfaces[index]?.split(':').map(Number) ?? [];
    const loader = this.#loaders[node ?? -1];
    if (loader === undefined || ifindex === undefined) return undefined;
    const name = loader.name || loader.store.getSnapshot().figures.hello?.node || loader.address;
    return `${name} ${loader.store.state.interfaceName(ifindex) ?? ifindex}`;
  };

  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  #indexOf(key: string): number {
    const index = this.#interfaces.indexOf(key);
    return index >= 0 ? index : this.#interfaces.push(key) - 1;
  }

  #lostByLoaders(): number {
    return this.#loaders.reduce((sum, { store }) => {
      const { ring, queue } = store.state.figures(performance.now()).loss;
      return sum + ring + queue;
    }, 0);
  }
}
