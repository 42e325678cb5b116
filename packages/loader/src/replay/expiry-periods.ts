/**
 * The time that replayed rules see. Between two expiries the moment does not matter, so all frames of such a period run
 * at one time, half a day from the next expiry: the kernel's clock, which goes on meanwhile, cannot carry a frame across
 * it, and rules expire exactly at the frame's timestamp.
 */
import type { Rule } from '@packetlog/common';

const PERIOD_MS = 86_400_000;
const NS_PER_MS = 1_000_000n;

export class ExpiryPeriods {
  /** When rules expire, in ns since 1970, ascending, each once. */
  readonly #expiries: readonly bigint[];

  constructor(rules: readonly Rule[]) {
    this.#expiries = [...new Set(rules.flatMap((rule) => expiryOf(rule) ?? []))].sort((a, b) => (a < b ? -1 : 1));
  }

  /** Returns the rules with the number of the period in place of the time of their expiry. */
  translated(rules: readonly Rule[]): Rule[] {
    return rules.map((rule) => {
      const expiry = expiryOf(rule);
      if (expiry === undefined) return rule;
      const endMs = PERIOD_MS * this.of(expiry);
      return { ...rule, expires_at: new Date(endMs).toISOString() };
    });
  }

  /** Returns the period of a time: the number of expiries that it has reached. */
  of(ns: bigint): number {
    let low = 0;
    let high = this.#expiries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#expiries[middle] as bigint) <= ns) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns the time at which the frames of a period run, in ns since 1970. */
  timeOf(period: number): bigint {
    return BigInt(PERIOD_MS * period + PERIOD_MS / 2) * NS_PER_MS;
  }
}

function expiryOf({ expires_at }: Rule): bigint | undefined {
  return expires_at === undefined ? undefined : BigInt(Date.parse(expires_at)) * NS_PER_MS;
}
