/** Which network namespace a path means. */
import { statSync } from 'node:fs';

/** Its inode; undefined path: that of this process. An empty text if there is none: opening it tells why. */
export function networkNamespaceId(path = '/proc/self/ns/net'): string {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino.toString() ?? '';
}
