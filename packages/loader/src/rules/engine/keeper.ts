/** Keeps file and kernel the same: what is confirmed is written first, and written back if the kernel refuses. */
import type { RuleBook } from '../book/rule-book.ts';
import type { RuleStore } from '../file/rule-store.ts';
import { RulesFileError } from '../file/rules-document.ts';
import { RulesRefusal } from '../refusal.ts';
import type { Enforcement, Held } from './enforcement.ts';
import { kernelRefusal, messageOf } from './words.ts';

export class Keeper {
  readonly #store: Pick<RuleStore, 'save'>;
  readonly #enforcement: Enforcement;
  readonly #enforced: (book: RuleBook) => Promise<void>;

  constructor(
    store: Pick<RuleStore, 'save'>,
    enforcement: Enforcement,
    enforced: (book: RuleBook) => Promise<void> = async () => {},
  ) {
    this.#store = store;
    this.#enforcement = enforcement;
    this.#enforced = enforced;
  }

  /** Throws RulesRefusal; nothing has changed then. */
  async confirm(held: Held): Promise<void> {
    const { book: before } = this.#enforcement.confirmed;
    this.#save(held.book);
    try {
      await this.#enforcement.confirm(held);
    } catch (cause) {
      this.#save(before);
      throw kernelRefusal(cause, 'The rules before this change are in force.');
    }
    await this.#enforced(held.book);
  }

  /** Ids below are not given again, also after a crash. */
  giveIdsFrom(nextId: number): void {
    this.#enforcement.giveIdsFrom(nextId);
    this.#save(this.#enforcement.confirmed.book);
  }

  #save(book: RuleBook): void {
    try {
      this.#store.save(book);
    } catch (cause) {
      if (cause instanceof RulesFileError) {
        throw new RulesRefusal({ code: 'invalid', message: `Nothing was changed: ${cause.message}.` }, { cause });
      }
      const message = `The rules cannot be written: ${messageOf(cause)}. Nothing was changed; make room or give access.`;
      throw new RulesRefusal({ code: 'internal', message }, { cause });
    }
  }
}
