/** Recompiles rules when an interface is renamed: rules name interfaces, but the image holds their slots. */
import type { CompileTarget } from '../../ipc/messages.ts';
import type { Pending } from '../ruleset/pending.ts';
import type { ChangeQueue } from './change-queue.ts';
import type { Enforcement } from './enforcement.ts';
import type { Journal } from './journal.ts';

export interface InterfaceNamesParts {
  readonly enforcement: Enforcement;
  readonly pending: Pending;
  readonly queue: Pick<ChangeQueue, 'run'>;
  readonly journal: Journal;
}

export class InterfaceNames {
  readonly #parts: InterfaceNamesParts;
  /** True while the rules are compiled for old interface names. */
  #isStale = false;

  constructor(parts: InterfaceNamesParts) {
    this.#parts = parts;
  }

  /** Updates the names and recompiles the rules if they differ. Call it about once a second: it retries a failure. */
  are(interfaces: CompileTarget['interfaces']): void {
    const { enforcement, queue, journal } = this.#parts;
    if (!enforcement.rename(interfaces) && !this.#isStale) return;
    this.#isStale = false;
    const recompiled = queue.run(() => this.#recompile());
    recompiled.catch(() => {
      this.#isStale = true;
    });
    journal.watch('Compiling the rules for renamed interfaces', recompiled);
  }

  async #recompile(): Promise<void> {
    const { enforcement, pending } = this.#parts;
    const { confirmed, provisional } = enforcement;
    await enforcement.confirm(await enforcement.compile(confirmed.ruleset));
    if (provisional === undefined || !pending.isThere) return;
    await enforcement.stage(await enforcement.compile(provisional.ruleset), pending.untilMonoNs);
  }
}
