/** The two file systems that expose the kernel's state. Containers, chroots and rescue systems may lack them. */
import { existsSync } from 'node:fs';
import { SetupError } from '../errors/setup-error.ts';

const NEEDED = [
  { at: '/proc', file: '/proc/self/ns/net', mount: 'mount -t proc proc /proc' },
  { at: '/sys', file: '/sys/devices/system/cpu/possible', mount: 'mount -t sysfs sysfs /sys' },
] as const;

/** Throws SetupError if one of them is not mounted at its usual path. */
export function requireKernelFiles(exists: (path: string) => boolean = existsSync): void {
  for (const { at, file, mount } of NEEDED) {
    if (exists(file)) continue;
    throw new SetupError({
      step: 'read',
      target: file,
      problem: `the kernel’s files are not mounted at ${at}`,
      next: `Mount them: ${mount}.`,
      exit: 'unsupported',
    });
  }
}
