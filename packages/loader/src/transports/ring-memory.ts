/** Chooses the size of the rings, and checks at start that the memory limit is high enough. */
import { type Problem, SetupError } from '../errors/setup-error.ts';
import { possibleCpus } from '../system/cpus.ts';
import { memoryLimit } from '../system/memory-limit.ts';
import { defaultRingBytes, largestRingBytes, RINGS_PER_CPU } from './ring-size.ts';

const MIB = 2 ** 20;
/**
 * Memory of both processes without the rings: 64 to 75 MiB of private memory measured, and pages of the executable, which
 * the kernel can drop; plus a heap that grows with traffic and clients.
 */
const WITHOUT_RINGS = 110 * MIB;

/** Returns the bytes of each CPU's ring. `requested`: from --ring-size. Throws SetupError if it is too large. */
export function ringBytesFor(requested: number | undefined, memory = memoryLimit(), cpus = possibleCpus()): number {
  const largest = largestRingBytes(memory, cpus);
  if (requested === undefined || requested <= largest) return requested ?? defaultRingBytes(memory, cpus);
  throw new SetupError({
    step: 'use',
    target: `--ring-size ${requested}`,
    problem: `with ${cpus} CPUs, the rings would take more than a quarter of the memory`,
    next: `Use at most ${largest}.`,
    exit: 'usage',
  });
}

/** Returns the memory that a loader with rings of this size needs, in bytes. */
export function neededMemory(ringBytes: number, cpus = possibleCpus()): number {
  return WITHOUT_RINGS + RINGS_PER_CPU * ringBytes * cpus;
}

/** Returns the warning if the memory limit is too low; undefined if it is high enough. */
export function memoryProblem(ringBytes: number, memory = memoryLimit(), cpus = possibleCpus()): Problem | undefined {
  const need = neededMemory(ringBytes, cpus);
  if (memory >= need) return undefined;
  const mib = (bytes: number) => Math.ceil(bytes / MIB);
  return {
    problem: `packetlog may use ${mib(memory)} MiB of memory here and needs about ${mib(need)} MiB: the kernel may kill it`,
    next: 'Raise the limit (systemd: MemoryMax=, containers: --memory), or use smaller rings with --ring-size.',
  };
}

/** Returns warnings to print before anything is loaded: the kernel's OOM killer does not warn. */
export function memoryProblems(ringBytes: number, memory = memoryLimit(), cpus = possibleCpus()): string[] {
  const found = memoryProblem(ringBytes, memory, cpus);
  return found ? [`${found.problem}. ${found.next}`] : [];
}
