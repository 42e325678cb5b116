/** Removes the pins of a loader that ended. */
import type { AttachMode } from '@packetlog/common';
import { detachLink } from '../../native/bpf-objects.ts';
import { need } from '../../native/check.ts';
import { closeDescriptor } from '../../native/libc.ts';
import { linkFacts } from '../attach/attach.ts';
import { findBpfFileSystem } from './bpf-file-system.ts';
import { PinDirectory } from './pin-directory.ts';
import { isMapName, LINK_NAME, slotName } from './pin-names.ts';

export interface Removed {
  path: string;
  links: { name: string; mode: AttachMode; program: number; isGone: boolean }[];
  maps: number;
}

/**
 * Removes a directory of pins by name. Returns undefined if it does not exist; throws SetupError if its loader is
 * running.
 */
export function removePins(bpfFs: string | undefined, name: string): Removed | undefined {
  const fileSystem = findBpfFileSystem(bpfFs);
  if (!fileSystem) return undefined;
  const directory = PinDirectory.open(fileSystem, name);
  if (!directory) {
    fileSystem.release();
    return undefined;
  }
  const names = directory.names();
  const links = names.flatMap((each) => detached(directory, each) ?? []);
  const maps = names.filter(isMapName).length;
  directory.removeAll(LINK_NAME);
  return { path: directory.path, links, maps };
}

function detached(directory: PinDirectory, pin: string): Removed['links'][number] | undefined {
  const [, slot, mode] = LINK_NAME.exec(pin) ?? [];
  if (slot === undefined || mode === undefined) return undefined;
  const fd = directory.get(pin);
  if (fd === undefined) return undefined;
  const { ifindex, program } = linkFacts(fd);
  // Removing the pin would detach too, but some time later.
  if (ifindex !== 0) need(detachLink(fd), 'detach', `${directory.path}/${pin}`);
  closeDescriptor(fd);
  const name = directory.read(slotName(Number(slot))) ?? `interface ${ifindex}`;
  return { name, mode: mode as AttachMode, program, isGone: ifindex === 0 };
}
