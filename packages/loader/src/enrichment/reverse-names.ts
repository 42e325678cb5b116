/**
 * Reverse DNS, for operators who enabled it: the operator of the sender's DNS can see the query. Limits the queries in
 * flight, caches each answer, and times out quickly.
 */
import { Resolver } from 'node:dns/promises';

const KEPT = 4096;
const KEPT_MS = 10 * 60_000;
const AT_ONCE = 8;
/** Maximum number of queued queries: they take half a minute if no server answers. */
const MAX_WAITING = 120;
const TIMEOUT_MS = 2000;

/** Resolves with the names of an address, rejects when there is none. */
export type Resolve = (address: string) => Promise<string[]>;

export class ReverseNames {
  readonly #resolve: Resolve;
  readonly #cache = new Map<string, { name: Promise<string | null>; untilMs: number }>();
  #inFlight = 0;
  readonly #queue: (() => void)[] = [];

  constructor(resolve: Resolve = systemResolver()) {
    this.#resolve = resolve;
  }

  /** Looks up the names. Returns undefined at once if these queries would exceed the limit of the queue. */
  find(addresses: readonly string[]): Promise<Record<string, string | null>> | undefined {
    const wanted = new Set(addresses.filter((address) => !this.#isCached(address))).size;
    const free = AT_ONCE - this.#inFlight + MAX_WAITING - this.#queue.length;
    return wanted > free ? undefined : this.#findAll(addresses);
  }

  #isCached(address: string): boolean {
    return (this.#cache.get(address)?.untilMs ?? 0) > performance.now();
  }

  async #findAll(addresses: readonly string[]): Promise<Record<string, string | null>> {
    const names = await Promise.all(addresses.map(async (address) => [address, await this.#find(address)] as const));
    return Object.fromEntries(names);
  }

  #find(address: string): Promise<string | null> {
    const cached = this.#cache.get(address);
    if (cached !== undefined && this.#isCached(address)) return cached.name;
    const name = this.#resolveInTurn(address);
    this.#cache.delete(address);
    this.#cache.set(address, { name, untilMs: performance.now() + KEPT_MS });
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= KEPT) break;
      this.#cache.delete(oldest);
    }
    return name;
  }

  async #resolveInTurn(address: string): Promise<string | null> {
    if (this.#inFlight >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#inFlight++;
    try {
      const [name] = await this.#resolve(address);
      return name ?? null;
    } catch {
      return null;
    } finally {
      this.#inFlight--;
      this.#queue.shift()?.();
    }
  }
}

function systemResolver(): Resolve {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  return (address) => resolver.reverse(address);
}
