const NS_PER_MS = 1_000_000n;

/** Returns when a rule expires, in ns since the Unix epoch; 0: no expiry. */
export function expiresNs(ms: number): bigint {
  if (!Number.isFinite(ms)) return 0n;
  return ms <= 0 ? 1n : BigInt(Math.trunc(ms)) * NS_PER_MS;
}
