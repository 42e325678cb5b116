const NS = 1_000_000_000n;

/** Formats a time as `2026-01-31T14:03:22.118493000Z`, without rounding. */
export function exactUtc(ns: bigint): string {
  const fraction = String(ns % NS).padStart(9, '0');
  return `${new Date(Number(ns / NS) * 1000).toISOString().slice(0, -5)}.${fraction}Z`;
}
