/** The drain thread's part of the rules: puts compiled sets in force and reads their counters. */
import { type PlainError, toPlain } from '../errors/setup-error.ts';
import type { AttemptEvidence } from '../ipc/evidence/attempt-evidence.ts';
import type { AttachedInterface, FromDrain, ToDrain, UnfilteredInterface } from '../ipc/messages.ts';
import type { KernelOffender, RuleCount } from '../ipc/rule-counts.ts';
import type { RuleSlot } from '../ipc/rule-slot.ts';
import { type ImageLimit, imageLimits } from '../xdp/limits/image-limits.ts';
import type { LimitStates } from '../xdp/limits/limit-states.ts';
import { Offenders } from '../xdp/limits/offenders.ts';
import type { RuleCounters } from '../xdp/rule-counters.ts';
import type { RuleImages } from '../xdp/rule-images.ts';
import type { RuleOwners } from '../xdp/rule-owners.ts';

type Publish = Extract<ToDrain, { type: 'rules' }>;
type End = Extract<ToDrain, { type: 'end-rules' }>;
type Query = Extract<ToDrain, { type: 'rule-counts' | 'in-force' | 'limit-state' }>;

interface AskedInterfaces {
  attached(): readonly AttachedInterface[];
  unfiltered(): readonly UnfilteredInterface[];
}

export class Rules {
  readonly #images: RuleImages;
  readonly #limits: LimitStates;
  /** The limits in each slot. */
  readonly #inSlot: { [Slot in RuleSlot]?: readonly ImageLimit[] } = {};
  readonly #offenders: Offenders;
  readonly #counters: RuleCounters;
  readonly #owners: RuleOwners;
  readonly #interfaces: AskedInterfaces;
  readonly #evidenceOf: (offender: KernelOffender) => AttemptEvidence;
  readonly #post: (message: FromDrain) => void;
  /** False until the first set is published: before that no counter moves. */
  #inUse = false;

  /** `interfaces`: returns where the program is attached, according to the kernel. */
  constructor(
    images: RuleImages,
    limits: LimitStates,
    counters: RuleCounters,
    owners: RuleOwners,
    interfaces: AskedInterfaces,
    evidenceOf: (offender: KernelOffender) => AttemptEvidence,
    post: (message: FromDrain) => void,
  ) {
    this.#evidenceOf = evidenceOf;
    this.#images = images;
    this.#limits = limits;
    this.#offenders = new Offenders(limits, counters);
    this.#interfaces = interfaces;
    this.#counters = counters;
    this.#owners = owners;
    this.#post = post;
  }

  get counterSlots(): number {
    return this.#counters.size;
  }

  answer(message: Publish | End | Query): void {
    const { request } = message;
    if (message.type === 'rule-counts') {
      this.#post({ type: 'rule-counts', request, ruleCounts: message.slots.map((slot) => this.#counters.read(slot)) });
    } else if (message.type === 'in-force') {
      const images = this.#images.areInForce();
      const [attached, unfiltered] = [this.#interfaces.attached(), this.#interfaces.unfiltered()];
      this.#post({ type: 'in-force', request, images, attached, unfiltered });
    } else if (message.type === 'limit-state') {
      this.#post({ type: 'limit-state', request, ...this.#limitState(message.slot) });
    } else if (message.type === 'end-rules') {
      this.#post({ type: 'rules', request, error: failureOf(() => this.#images.end(new Set(message.ids))) });
    } else {
      this.#post({ type: 'rules', request, error: failureOf(() => this.#publish(message)) });
    }
  }

  /** Returns the counts of the rules that decided a packet since the last call. */
  changed(): RuleCount[] {
    return this.#inUse ? this.#counters.changed() : [];
  }

  /** Whether a limit bans: `postOffenders` must be called, also while no records arrive. */
  get watchesOffenders(): boolean {
    return this.#offenders.areWatched;
  }

  /** Posts the sources that have been found over by limits that ban, if that has changed. */
  postOffenders(): void {
    try {
      const offenders = this.#offenders.changed();
      if (offenders.length === 0) return;
      const observed = offenders.map((each) => ({ ...each, evidence: this.#evidenceOf(each) }));
      this.#post({ type: 'offenders', offenders: observed, error: undefined });
    } catch (error) {
      // Otherwise it would fail again twice a second. The next change of rules watches the limits again.
      this.#offenders.watch([]);
      this.#post({ type: 'offenders', offenders: [], error: toPlain(error) });
    }
  }

  #limitState(slot: number): Pick<Extract<FromDrain, { type: 'limit-state' }>, 'state' | 'error'> {
    try {
      return { state: this.#limits.read(slot), error: undefined };
    } catch (error) {
      return { state: undefined, error: toPlain(error) };
    }
  }

  /** Returns the limits of both slots, those of the provisional one last. */
  #all(): ImageLimit[] {
    const { confirmed = [], provisional = [] } = this.#inSlot;
    return [...confirmed, ...provisional];
  }

  /** Until both slots are known, one may have rules of the previous loader, whose limits are in use. */
  #removeLimits(): void {
    const { confirmed, provisional } = this.#inSlot;
    if (confirmed && provisional) this.#limits.keepOnly(new Set(this.#all().map((each) => each.counterSlot)));
  }

  #publish({ slot, image, freshCounters, owners }: Publish): void {
    this.#inUse = true;
    this.#counters.zero(freshCounters);
    this.#owners.assign(owners);
    const limits = image ? imageLimits(new Uint8Array(image)) : [];
    // A change that reverts may have changed what a limit measures.
    const next = image || slot === 'confirmed' ? limits : (this.#inSlot.confirmed ?? []);
    this.#limits.prepare(next, new Set(freshCounters));
    if (image) this.#images.publish(slot, new Uint8Array(image));
    else this.#images.clear(slot);
    this.#inSlot[slot] = limits;
    this.#offenders.watch(this.#all());
    this.#removeLimits();
  }
}

/** Returns the error that `work` throws. */
function failureOf(work: () => void): PlainError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return toPlain(error);
  }
}
