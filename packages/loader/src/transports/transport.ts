/** How records leave the kernel: the programs and maps, and how this process reads them. */
import type { TransportName } from '../ipc/settings.ts';
import type { MapPointer } from '../native/libbpf.ts';
import type { RingReader } from '../rings/ring-reader.ts';

export interface TransportSettings {
  /** Possible CPUs. */
  cpus: number;
  /** Bytes of each CPU's ring of permitted packets: a power of two and a multiple of the page size. */
  ringBytes: number;
  /** Bytes of each CPU's ring of denied packets. */
  denyBytes: number;
  /** Returns the descriptor of a map by name, if the previous loader left it. */
  kept?: ((name: string) => number | undefined) | undefined;
}

/** Finds a map of the object by name; throws SetupError. */
export type FindMap = (name: string) => MapPointer;

export interface OpenTransport {
  /** Rings of permitted and of denied packets. */
  readonly rings: readonly RingReader[];
  /** Readable when a sleeping reader has to wake. */
  readonly descriptors: readonly number[];
  /** Maps that the transport created besides those of the object. */
  readonly made: readonly { name: string; fd: number }[];
  /** Whether `commit('polling')` does more than `holdLast`, and the wait that ends it is possible. */
  readonly canPoll: boolean;
  /** Records that previous readers read from the rings; undefined if the rings keep no count of them. */
  readonly before: number | undefined;
  /** Call after waking. */
  woken(): void;
}

export interface Transport {
  readonly name: TransportName;
  /** Sizes the maps of an object that is not loaded yet. */
  configure(map: FindMap, settings: TransportSettings): void;
  /** Maps the rings of a loaded object. */
  open(map: FindMap, settings: TransportSettings): OpenTransport;
}
