/**
 * Reads the rules in force from the kernel: what is reported as in force is what the kernel has, not what was
 * requested.
 */
import type { InForce } from '@packetlog/common';
import type { KernelState, RulePublisher } from '../ipc/rule-publisher.ts';

/** Reads the state of the kernel. RulePublisher implements it. */
export type KernelReader = Pick<RulePublisher, 'inForce' | 'limitState'>;

export class ReadBack {
  readonly #kernel: Pick<KernelReader, 'inForce'>;
  readonly #changed: () => void;
  #state: KernelState | undefined;

  constructor(kernel: Pick<KernelReader, 'inForce'>, changed: () => void) {
    this.#kernel = kernel;
    this.#changed = changed;
  }

  /** State of the last read; undefined: not read yet. */
  get inForce(): InForce | undefined {
    if (this.#state === undefined) return undefined;
    const { images, attached, unfiltered } = this.#state;
    const is_current = images && attached.length > 0;
    const not_filtered = unfiltered.length > 0 ? { not_filtered: [...unfiltered] } : {};
    return { by: attached.length > 0 ? 'loader' : 'none', interfaces: [...attached], ...not_filtered, is_current };
  }

  /** Reads the state, and reports it if it changed. Rejects when the drain thread ends. */
  async read(): Promise<void> {
    const before = JSON.stringify(this.#state);
    this.#state = await this.#kernel.inForce();
    if (before !== JSON.stringify(this.#state)) this.#changed();
  }
}
