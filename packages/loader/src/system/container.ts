/** Detects whether the processes here end together, as in a container, while the machine keeps running. */
import { readlinkSync } from 'node:fs';

/** Inode of the machine's first PID namespace: PROC_PID_INIT_INO of include/linux/proc_ns.h, since Linux 3.8. */
const FIRST = 'pid:[4026531836]';

/**
 * Returns true in a PID namespace other than the first. When the first process of such a namespace ends, its mounts
 * disappear, and every pin in them.
 */
export function isContained(namespaceOf: (process: '1' | 'self') => string | undefined = pidNamespace): boolean {
  const namespace = namespaceOf('1') ?? namespaceOf('self');
  return namespace !== undefined && namespace !== FIRST;
}

function pidNamespace(process: '1' | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/pid`);
  } catch {
    return undefined;
  }
}
