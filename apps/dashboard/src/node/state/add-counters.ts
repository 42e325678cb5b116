import type { InterfaceLedger } from '@packetlog/common';

/** Adds up all counters of several interfaces. Undefined without any. */
export function addCounters([first, ...others]: readonly InterfaceLedger[]): InterfaceLedger | undefined {
  if (first === undefined) return undefined;
  const sum = { ...first };
  for (const other of others) {
    for (const key of Object.keys(sum) as (keyof InterfaceLedger)[]) sum[key] += other[key];
  }
  return sum;
}
