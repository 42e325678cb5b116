/** What the server needs from the thread that reads the rings. */
import type { FromDrain } from './messages.ts';

export interface ReaderControl {
  readonly ready: Pick<Extract<FromDrain, { type: 'ready' }>, 'transport' | 'stride' | 'recordOffset'>;
  /** Sets whether a client reads the reports of each second. */
  setHasClients(hasClients: boolean): void;
  /** Sets whether a client wants its rows as soon as they are read. */
  setLowLatency(lowLatency: boolean): void;
}
