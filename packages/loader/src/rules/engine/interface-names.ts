/** Rules that name interfaces hold for slots: they are compiled again when an interface has another name. */
import type { CompileTarget } from '../../ipc/messages.ts';
import type { ChangeQueue } from './change-queue.ts';
import type { Enforcement } from './enforcement.ts';
import type { Journal } from './journal.ts';
import type { Pending } from './pending.ts';

export interface InterfaceNamesParts {
  readonly enforcement: Enforcement;
  readonly pending: Pending;
  readonly queue: Pick<ChangeQueue, 'run'>;
  readonly journal: Journal;
}

export class InterfaceNames {
  readonly #parts: InterfaceNamesParts;
  /** The rules are compiled for names that interfaces had before. */
  #isStale = false;

  constructor(parts: InterfaceNamesParts) {
    this.#parts = parts;
  }

  /** Call it about once a second: what the kernel did not take is tried again. */
  are(interfaces: CompileTarget['interfaces']): void {
    const { enforcement, queue, journal } = this.#parts;
    if (!enforcement.rename(interfaces) && !this.#isStale) return;
    this.#isStale = false;
    const again = queue.run(() => this.#compileAgain());
    again.catch(() => {
      this.#isStale = true;
    });
    journal.watch('Compiling the rules for renamed interfaces', again);
  }

  async #compileAgain(): Promise<void> {
    const { enforcement, pending } = this.#parts;
    const { confirmed, provisional } = enforcement;
    await enforcement.confirm(await enforcement.compile(confirmed.ruleset));
    if (provisional === undefined || !pending.isThere) return;
    await enforcement.provide(await enforcement.compile(provisional.ruleset), pending.untilMonoNs);
  }
}
