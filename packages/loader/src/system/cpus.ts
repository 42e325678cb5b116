import { readFileSync } from 'node:fs';

/** Returns the highest number in a CPU list such as "0-3,8-11", plus one; undefined if the text has no number. */
export function cpuListEnd(text: string): number | undefined {
  const numbers = text.trim().match(/\d+/g);
  if (!numbers) return undefined;
  return Math.max(...numbers.map(Number)) + 1;
}

/** Parses a CPU list such as "0-1,4". */
export function cpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** Returns the number of CPUs that can ever come online, for which per-CPU memory must be sized. */
export function possibleCpus(): number {
  return cpuListEnd(readFileSync('/sys/devices/system/cpu/possible', 'utf8')) ?? 1;
}

export function onlineCpus(): Set<number> {
  return new Set(cpuList(readFileSync('/sys/devices/system/cpu/online', 'utf8')));
}
