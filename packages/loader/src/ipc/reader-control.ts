/** What the server needs of the thread that reads the rings. */
import type { FromDrain } from './messages.ts';

export interface ReaderControl {
  readonly ready: Pick<Extract<FromDrain, { type: 'ready' }>, 'transport' | 'stride' | 'recordOffset'>;
  /** Whether a client reads what comes each second. */
  setHasClients(hasClients: boolean): void;
  /** Whether a client wants its rows as soon as they are read. */
  setLowLatency(lowLatency: boolean): void;
}
