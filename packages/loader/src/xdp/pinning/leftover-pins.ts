/**
 * Pins of a loader that ended, for the next loader to take over or for `packetlog unload` to remove.
 */
import type { AttachMode } from '@packetlog/common';
import type { PinPlace } from '../../ipc/pin-place.ts';
import type { RequestedTransport } from '../../ipc/settings.ts';
import { closeDescriptor } from '../../native/libc.ts';
import { isRealtimeKernel } from '../../system/realtime-kernel.ts';
import { candidates } from '../../transports/choose-transport.ts';
import type { Transport } from '../../transports/transport.ts';
import { linkInterface } from '../attach/attach.ts';
import { findBpfFileSystem } from './bpf-file-system.ts';
import { layoutFingerprint } from './layout-fingerprint.ts';
import { PinDirectory } from './pin-directory.ts';
import { type About, LINK_NAME, mapName, readAbout, SLOT_NAME } from './pin-names.ts';

export interface LeftoverLink {
  slot: number;
  mode: AttachMode;
  ifindex: number;
  fd: number;
}

export interface LeftoverPins {
  /** Locked by this process. */
  directory: PinDirectory;
  about: About | undefined;
  /** At least one. */
  links: LeftoverLink[];
  /** Names by slot, including interfaces that are gone. */
  names: ReadonlyMap<number, string>;
}

/**
 * Returns the leftover pins of this thread's network namespace; undefined if nothing is pinned. `discarded`: only maps
 * were left, which are removed. Throws SetupError if the loader that pinned them is running.
 */
export function findLeftoverPins(given: PinPlace | undefined): LeftoverPins | 'discarded' | undefined {
  const fileSystem = findBpfFileSystem(given);
  if (!fileSystem) return undefined;
  const directory = PinDirectory.open(fileSystem, PinDirectory.ownName());
  if (!directory) {
    fileSystem.release();
    return undefined;
  }
  const links = livingLinks(directory);
  const about = readAbout(directory);
  if (links.length > 0) return { directory, about, links, names: slotNames(directory) };
  // The loader ended between two pins, or its interfaces are gone: no rule is in force.
  directory.removeAll(LINK_NAME);
  return about && 'discarded';
}

/** Nothing but the rules continues. */
export const STARTS_EMPTY =
  'Rings, counters and levels of limits start empty, because the previous loader had another version, --transport or --ring-size; records that waited in its rings are lost.';

/**
 * Returns the transport whose maps can be reused, if the loader that created them had the same layout and options;
 * otherwise undefined.
 */
export function reusableTransport(
  about: About | undefined,
  ringBytes: number,
  requested: RequestedTransport,
): Transport | undefined {
  if (about?.layout !== layoutFingerprint() || about.ringBytes !== ringBytes) return undefined;
  return candidates(requested, isRealtimeKernel()).find(({ name }) => name === about.transport);
}

/** Returns a new descriptor of one of its maps. */
export function leftoverMap({ directory, about }: LeftoverPins, name: string): number | undefined {
  return about && directory.get(mapName(about.generation, name));
}

/** Returns the links with new descriptors, except those whose interface is gone. */
export function livingLinks(directory: PinDirectory): LeftoverLink[] {
  return directory.names().flatMap((name) => {
    const [, slot, mode] = LINK_NAME.exec(name) ?? [];
    if (slot === undefined || mode === undefined) return [];
    const fd = directory.get(name);
    if (fd === undefined) return [];
    const ifindex = linkInterface(fd);
    if (ifindex !== 0) return [{ slot: Number(slot), mode: mode as AttachMode, ifindex, fd }];
    closeDescriptor(fd);
    return [];
  });
}

/** Returns names by slot, including interfaces that are gone. */
export function slotNames(directory: PinDirectory): Map<number, string> {
  return new Map(
    directory.names().flatMap((name) => {
      const slot = SLOT_NAME.exec(name)?.[1];
      const target = directory.read(name);
      return slot === undefined || target === undefined ? [] : [[Number(slot), target] as const];
    }),
  );
}
