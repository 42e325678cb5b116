/** errno values that this project handles (asm-generic/errno*.h; the same on x86, arm64, riscv64, s390x). */
import { getSystemErrorMap } from 'node:util';

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  ENOLINK: 67,
  EOPNOTSUPP: 95,
} as const;

/** Formats an errno: "EBUSY (16): resource busy or locked". */
export function describeErrno(errno: number): string {
  const known = getSystemErrorMap().get(-errno);
  const own = Object.entries(ERRNO).find(([, value]) => value === errno)?.[0];
  if (known) return `${known[0]} (${errno}): ${known[1]}`;
  return own ? `${own} (${errno})` : `errno ${errno}`;
}
