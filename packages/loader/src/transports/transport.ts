/** How records leave the kernel: which programs and maps, and how this process reads them. */
import type { TransportName } from '../ipc/settings.ts';
import type { MapPointer } from '../native/libbpf.ts';
import type { RingReader } from '../rings/ring-reader.ts';

export interface TransportSettings {
  /** Possible CPUs. */
  cpus: number;
  /** Bytes of each CPU's ring of permitted packets: a power of two and a multiple of the page. */
  ringBytes: number;
  /** The same of denied packets. */
  denyBytes: number;
  /** Descriptor of a map by its name, if a loader before left it for this one. */
  kept?: ((name: string) => number | undefined) | undefined;
}

/** Finds a map of the object by its name; throws SetupError. */
export type FindMap = (name: string) => MapPointer;

export interface OpenTransport {
  /** Of permitted and of denied packets. */
  readonly rings: readonly RingReader[];
  /** Readable when a sleeping reader is to wake. */
  readonly descriptors: readonly number[];
  /** Maps that it made besides those of the object. */
  readonly made: readonly { name: string; fd: number }[];
  /** Whether `publish('hot')` means more than `hold`, and the wait that ends it is possible. */
  readonly canPoll: boolean;
  /** Records that readers before took out of the rings; undefined if the rings cannot tell. */
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
