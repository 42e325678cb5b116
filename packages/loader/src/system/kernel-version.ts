/** Compares kernel versions: "6.18.44-amd64". Pure. */
import type { Problem } from '../errors/setup-error.ts';

export type Version = readonly [major: number, minor: number];

export function isBefore(kernel: string, [major, minor]: Version): boolean {
  const [ours = 0, minorOurs = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return ours < major || (ours === major && minorOurs < minor);
}

/** Returns why PacketLog cannot run on this kernel; undefined if it can. */
export function kernelProblem(kernel: string): Problem | undefined {
  if (!isBefore(kernel, [5, 10])) return undefined;
  return { problem: `Linux ${kernel} is too old`, next: 'PacketLog needs Linux 5.10 or later: update the kernel.' };
}
