/** Opens the directory of the pins for the core, which cannot search the bpf file system that it is in. */
import { closeSync, constants, fchownSync, fstatSync, lchownSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { SetupError, toPlain } from '../errors/setup-error.ts';
import type { PinPlace } from '../ipc/pin-place.ts';
import { formerOwners, type User } from '../system/service-user.ts';
import { type BpfFileSystem, findBpfFileSystem, needBpfFileSystem, OURS } from '../xdp/pinning/bpf-file-system.ts';
import { makeDirectory, openOurs } from '../xdp/pinning/private-directory.ts';

type GivenPins = Exclude<PinPlace, string>;

/**
 * Opens the directory, and gives the pins of earlier cores, which were root or had another user, to `user`. Creates what is missing,
 * unless `pin` is 'never'. Throws SetupError, unless the core can do without pins until it needs some.
 */
export function openPinsFor(user: User, bpfFs: string | undefined, pin: 'auto' | 'always' | 'never'): GivenPins {
  const found = findBpfFileSystem(bpfFs);
  if (found === undefined && pin === 'never') return {};
  let fileSystem: BpfFileSystem;
  try {
    fileSystem = found ?? needBpfFileSystem(bpfFs);
    if (pin !== 'never') makeDirectory(fileSystem.ours, `${fileSystem.path}/${OURS}`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { problem: toPlain(error) };
  }
  const fd = openOurs(fileSystem);
  if (fd === undefined) {
    fileSystem.release();
    return {};
  }
  give(fd, user);
  // Not released: that would unmount an empty file system.
  return { path: fileSystem.path, fd };
}

/** Gives a directory of an earlier core to `user`, after its entries. Follows no link that such a core could create. */
function give(directory: number, user: User): void {
  if (!formerOwners(user).includes(fstatSync(directory).uid)) return;
  for (const name of readdirSync(`/proc/self/fd/${directory}`)) {
    const path = `/proc/self/fd/${directory}/${name}`;
    if (lstatSync(path).isDirectory()) giveInner(path, user);
    else lchownSync(path, user.uid, user.gid);
  }
  fchownSync(directory, user.uid, user.gid);
}

function giveInner(path: string, user: User): void {
  const directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    give(directory, user);
  } finally {
    closeSync(directory);
  }
}
