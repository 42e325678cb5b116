/**
 * Keeps program and maps in the kernel when this process ends, in a directory of pins.
 *
 * The pin of a link keeps the program on its interface. So links are pinned last and unpinned first: wherever the
 * process stops in between, either no program stays, or its maps are pinned too and `packetlog unload` removes it.
 */
import { randomBytes } from 'node:crypto';
import type { AttachMode } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import type { PinPlace } from '../../ipc/pin-place.ts';
import type { TransportName } from '../../ipc/settings.ts';
import { needBpfFileSystem } from './bpf-file-system.ts';
import { layoutFingerprint } from './layout-fingerprint.ts';
import { type LeftoverPins, livingLinks } from './leftover-pins.ts';
import { PinDirectory } from './pin-directory.ts';
import { isMapName, LINK_NAME, linkName, mapName, slotName, writeAbout } from './pin-names.ts';

export interface PinnableLink {
  slot: number;
  mode: AttachMode;
  /** Name of the interface. */
  name: string;
  fd: number;
}

export interface PinnableMap {
  name: string;
  fd: number;
}

interface PinnedProgram {
  transport: TransportName;
  ringBytes: number;
  maps: readonly PinnableMap[];
}

export class Pins {
  readonly #program: PinnedProgram;
  readonly #given: PinPlace | undefined;
  readonly #generation: string;
  /** Maps that come and go, by name. */
  readonly #added = new Map<string, number>();
  #directory: PinDirectory | undefined;

  /**
   * `given`: the bpf file system to use, undefined for the usual one. `leftover`: the previous loader's pins; we own
   * its directory from now on. `reused`: we use its maps, too.
   */
  constructor(program: PinnedProgram, given: PinPlace | undefined, leftover?: LeftoverPins, reused = false) {
    this.#program = program;
    this.#given = given;
    this.#directory = leftover?.directory;
    this.#generation = (reused ? leftover?.about?.generation : undefined) ?? randomBytes(4).toString('hex');
  }

  /** Path of the directory, while there are pins. */
  get path(): string | undefined {
    return this.#directory?.path;
  }

  /**
   * Pins maps and links. Throws SetupError; then nothing is pinned. May be called again, and then adds what is missing.
   */
  pin(links: readonly PinnableLink[]): void {
    this.#directory ??= this.#make();
    try {
      this.#pinMaps(this.#directory);
      for (const link of links) this.attached(link);
    } catch (error) {
      this.unpin();
      throw error;
    }
  }

  /** Removes all pins: from now on everything ends with this process. */
  unpin(): void {
    this.#directory?.removeAll(LINK_NAME);
    this.#directory = undefined;
  }

  /** Closes the directory, as the end of the process does: the pins stay for the next loader. */
  leave(): void {
    this.#directory?.close();
    this.#directory = undefined;
  }

  /** Keeps one more map, from now on and in each later `pin`. Throws SetupError. */
  addMap({ name, fd }: PinnableMap): void {
    this.#added.set(name, fd);
    const directory = this.#directory;
    if (!directory) return;
    const wanted = mapName(this.#generation, name);
    // It may be left from a map of this name that is gone.
    directory.remove(wanted);
    directory.pin(fd, wanted);
  }

  removeMap(name: string): void {
    this.#added.delete(name);
    this.#directory?.remove(mapName(this.#generation, name));
  }

  /** Call for each new link; does nothing while nothing is pinned. */
  attached(link: PinnableLink): void {
    const directory = this.#directory;
    if (!directory) return;
    const wanted = linkName(link.slot, link.mode);
    this.renamed(link);
    for (const name of directory.names()) {
      if (name !== wanted && LINK_NAME.exec(name)?.[1] === String(link.slot)) directory.remove(name);
    }
    // The pin may be left from an interface that is gone, or be the link that was taken over: replace it either way.
    directory.remove(wanted);
    directory.pin(link.fd, wanted);
  }

  /** Call when the interface, and with it the link, is gone. The name stays: the interface may return. */
  detached({ slot, mode }: Pick<PinnableLink, 'slot' | 'mode'>): void {
    this.#directory?.remove(linkName(slot, mode));
  }

  renamed({ slot, name }: Pick<PinnableLink, 'slot' | 'name'>): void {
    this.#directory?.write(slotName(slot), name);
  }

  #pinMaps(directory: PinDirectory): void {
    const present = new Set(directory.names());
    const added = [...this.#added].map(([name, fd]) => ({ name, fd }));
    for (const { name, fd } of [...this.#program.maps, ...added]) {
      const wanted = mapName(this.#generation, name);
      if (!present.has(wanted)) directory.pin(fd, wanted);
      present.delete(wanted);
    }
    const { transport, ringBytes } = this.#program;
    writeAbout(directory, { layout: layoutFingerprint(), generation: this.#generation, transport, ringBytes });
    for (const old of present) if (isMapName(old)) directory.remove(old);
  }

  #make(): PinDirectory {
    const directory = PinDirectory.make(needBpfFileSystem(this.#given), PinDirectory.ownName());
    if (livingLinks(directory).length === 0) {
      for (const name of directory.names()) directory.remove(name);
      return directory;
    }
    directory.close();
    throw new SetupError({
      step: 'use',
      target: directory.path,
      problem: 'an earlier loader left its program attached, which still enforces its rules',
      next: 'Start packetlog again to take over, or remove it: packetlog unload.',
      exit: 'busy',
    });
  }
}
