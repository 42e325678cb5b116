/** Gives the state of earlier cores, which were root or had another user, to the core's user. */
import { closeSync, constants, fchownSync, fstatSync, lchownSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formerOwners, type User } from '../system/service-user.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;

/** The files that packetlog creates in its state directory, also temporary ones; not the files of others in it. */
const OURS =
  /^(rules\.(json(\.rejected-.*)?|last-good\.json|state\.json|lock)|audit\.ndjson(\.\d+)?|counts\.json|control\.sock|tokens\.json|alerts\.json|alerts\.state\.json|bans\.json(\.rejected-.*)?|decisions\.ndjson(\.\d+)?|interfaces\.json|stay-attached|sets|record|fleet|\..*\.(tmp|old))$/;

/**
 * Changes the owner of a directory to `user`, with the files in it that packetlog creates. Does nothing unless root or
 * an earlier core's user owns it: then they belong to the user already. The directory is last, so that a start that was
 * interrupted is completed by the next one. Throws the file system's error.
 */
export function giveDirectory(path: string, user: User, isOurs = (name: string) => OURS.test(name)): void {
  const directory = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    if (!formerOwners(user).includes(fstatSync(directory).uid)) return;
    // By descriptor: an earlier core's user could replace the directory with a link meanwhile.
    const entries = `/proc/self/fd/${directory}`;
    for (const name of readdirSync(entries).filter(isOurs)) giveEntry(join(entries, name), user);
    fchownSync(directory, user.uid, user.gid);
  } finally {
    closeSync(directory);
  }
}

function giveEntry(path: string, user: User): void {
  const facts = lstatSync(path);
  if (!formerOwners(user).includes(facts.uid)) return;
  if (facts.isDirectory()) giveDirectory(path, user, () => true);
  else if (facts.isFile()) giveFile(path, user);
  else lchownSync(path, user.uid, user.gid);
}

/** Changes the owner of a regular file, if root or an earlier core's user owns it. Follows no link. Throws the file system's error. */
export function giveFile(path: string, user: User): void {
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const facts = fstatSync(file);
    // A second name of the file may be one of another directory.
    if (formerOwners(user).includes(facts.uid) && facts.isFile() && facts.nlink === 1)
      fchownSync(file, user.uid, user.gid);
  } finally {
    closeSync(file);
  }
}
