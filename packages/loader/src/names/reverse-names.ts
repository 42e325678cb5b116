/**
 * Reverse DNS, for operators who switched it on: whoever runs the sender's DNS learns that somebody looked.
 * Few questions at a time, each answer kept for a while, none longer waited for than a moment.
 */
import { Resolver } from 'node:dns/promises';

const KEPT = 4096;
const KEPT_MS = 10 * 60_000;
const AT_ONCE = 8;
const TIMEOUT_MS = 2000;

/** Resolves with the names of an address, rejects when there is none. */
export type Ask = (address: string) => Promise<string[]>;

export class ReverseNames {
  readonly #ask: Ask;
  readonly #known = new Map<string, { name: Promise<string | null>; untilMs: number }>();
  #asking = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(ask: Ask = systemResolver()) {
    this.#ask = ask;
  }

  async find(addresses: readonly string[]): Promise<Record<string, string | null>> {
    const names = await Promise.all(addresses.map(async (address) => [address, await this.#find(address)] as const));
    return Object.fromEntries(names);
  }

  #find(address: string): Promise<string | null> {
    const known = this.#known.get(address);
    if (known && known.untilMs > performance.now()) return known.name;
    const name = this.#askInTurn(address);
    this.#known.delete(address);
    this.#known.set(address, { name, untilMs: performance.now() + KEPT_MS });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(oldest);
    }
    return name;
  }

  async #askInTurn(address: string): Promise<string | null> {
    if (this.#asking >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#asking++;
    try {
      const [name] = await this.#ask(address);
      return name ?? null;
    } catch {
      return null;
    } finally {
      this.#asking--;
      this.#waiting.shift()?.();
    }
  }
}

function systemResolver(): Ask {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  return (address) => resolver.reverse(address);
}
