/** The drain thread's part of the rules: puts compiled sets in force and reads their counters. */
import { type PlainError, toPlain } from '../errors/setup-error.ts';
import type { AttachedInterface, FromDrain, ToDrain, UnfilteredInterface } from '../ipc/messages.ts';
import type { RuleCount } from '../ipc/rule-counts.ts';
import type { RuleCounters } from '../xdp/rule-counters.ts';
import type { RuleImages } from '../xdp/rule-images.ts';
import type { RuleOwners } from '../xdp/rule-owners.ts';

type Publish = Extract<ToDrain, { type: 'rules' }>;
type Query = Extract<ToDrain, { type: 'rule-counts' | 'in-force' }>;

interface AskedInterfaces {
  attached(): readonly AttachedInterface[];
  unfiltered(): readonly UnfilteredInterface[];
}

export class Rules {
  readonly #images: RuleImages;
  readonly #counters: RuleCounters;
  readonly #owners: RuleOwners;
  readonly #interfaces: AskedInterfaces;
  readonly #post: (message: FromDrain) => void;
  /** False until the first set is published: before that no counter moves. */
  #inUse = false;

  /** `interfaces`: returns where the program is attached, according to the kernel. */
  constructor(
    images: RuleImages,
    counters: RuleCounters,
    owners: RuleOwners,
    interfaces: AskedInterfaces,
    post: (message: FromDrain) => void,
  ) {
    this.#images = images;
    this.#interfaces = interfaces;
    this.#counters = counters;
    this.#owners = owners;
    this.#post = post;
  }

  get counterSlots(): number {
    return this.#counters.size;
  }

  answer(message: Publish | Query): void {
    const { request } = message;
    if (message.type === 'rule-counts') {
      this.#post({ type: 'rule-counts', request, ruleCounts: message.slots.map((slot) => this.#counters.read(slot)) });
    } else if (message.type === 'in-force') {
      const images = this.#images.areInForce();
      const [attached, unfiltered] = [this.#interfaces.attached(), this.#interfaces.unfiltered()];
      this.#post({ type: 'in-force', request, images, attached, unfiltered });
    } else {
      this.#post({ type: 'rules', request, error: this.#publish(message) });
    }
  }

  /** Returns the counts of the rules that decided a packet since the last call. */
  changed(): RuleCount[] {
    return this.#inUse ? this.#counters.changed() : [];
  }

  #publish({ slot, image, freshCounters, owners }: Publish): PlainError | undefined {
    try {
      this.#inUse = true;
      this.#counters.zero(freshCounters);
      this.#owners.assign(owners);
      if (image) this.#images.publish(slot, new Uint8Array(image));
      else this.#images.clear(slot);
      return undefined;
    } catch (error) {
      return toPlain(error);
    }
  }
}
