/**
 * The interfaces that the program is attached to: attaches, notices that one vanished or left the network namespace,
 * and attaches again when it returns.
 */
import type { Ledger, Notice } from '@packetlog/common';
import { SetupError } from '../errors/setup-error.ts';
import type { AttachedInterface, UnfilteredInterface } from '../ipc/messages.ts';
import type { RequestedMode } from '../ipc/settings.ts';
import { detachLink } from '../native/bpf-objects.ts';
import { closeDescriptor, interfaceIndex, interfaceName, SystemCallError } from '../native/libc.ts';
import { printableName } from '../system/interface-name.ts';
import { type AttachablePrograms, linkFacts } from '../xdp/attach/attach.ts';
import { askDevice } from '../xdp/attach/link-device.ts';
import { linkLayerOf } from '../xdp/attach/link-layer.ts';
import { noSuchInterface } from '../xdp/attach/watch-errors.ts';
import type { InterfaceCounters } from '../xdp/interface-counters.ts';
import type { LeftoverLink } from '../xdp/pinning/leftover-pins.ts';
import type { PinnableLink } from '../xdp/pinning/pins.ts';
import type { SlotTable } from '../xdp/slots.ts';
import { Attacher } from './attacher.ts';
import { attachedOf, unfilteredOf } from './in-force-interfaces.ts';
import * as notices from './interface-notices.ts';
import { ledgerOf, reasonsOf, ringFullOf } from './interface-sums.ts';
import { leftoverInterfaces } from './leftover-interfaces.ts';
import { seenDevice, Unwatched } from './unwatched-interfaces.ts';
import { ABSENT, GONE, kindOf, LEFT, type LinkKeeper, linkOf, NOT_YET, type Watched, waiting } from './watched.ts';

export class WatchedInterfaces {
  readonly #attacher: Attacher;
  readonly #slots: SlotTable;
  readonly #counters: InterfaceCounters;
  readonly #keeper: LinkKeeper | undefined;
  readonly #unwatched: Unwatched;
  readonly #watched: Watched[] = [];
  /** For a watched interface whose link is on a device elsewhere: ifindex of the device here that has its name. */
  readonly #replaced = new Map<Watched, number>();
  /** Notices from the start, for the first `check` to return. */
  readonly #unreported: Notice[] = [];

  /** `unwatchedIfindex`: returns the last interface without a slot that the program saw. */
  constructor(
    programs: AttachablePrograms,
    slots: SlotTable,
    counters: InterfaceCounters,
    mode: RequestedMode,
    unwatchedIfindex: () => number,
    keeper?: LinkKeeper,
  ) {
    this.#attacher = new Attacher(programs, slots, mode);
    this.#slots = slots;
    this.#counters = counters;
    this.#keeper = keeper;
    this.#unwatched = new Unwatched(counters, unwatchedIfindex, (ifindex) => seenDevice(ifindex, this.#watched));
  }

  /**
   * Continues with the interfaces that the previous loader attached; its program stays until `attach`. Interfaces of
   * which only the name is left are watched when they return. `reused`: we use its slot table, too. Call before `add`.
   */
  resume(links: readonly LeftoverLink[], names: ReadonlyMap<number, string>, reused: boolean): void {
    this.#watched.push(...leftoverInterfaces(links, names, this.#slots, reused));
  }

  /**
   * Gives the interface a slot. `given` may be an alternative name. If the interface does not exist, waits for it with
   * `wait`, and otherwise throws SetupError.
   */
  add(given: string, wait = false): void {
    const ifindex = interfaceIndex(given);
    const name = interfaceName(ifindex) ?? given;
    if (ifindex !== 0 && this.#watched.some((watched) => watched.ifindex === ifindex)) return;
    if (ifindex === 0) {
      if (!wait) throw noSuchInterface(printableName(name));
      this.#waitFor(name);
      return;
    }
    const returned = this.#watched.find((watched) => watched.ifindex === 0 && watched.name === name);
    if (returned) {
      if (returned.link !== undefined) {
        this.#replaced.set(returned, ifindex);
        return;
      }
      this.#slots.assign(printableName(name), ifindex, returned.slot);
      returned.ifindex = ifindex;
      return;
    }
    this.#watched.push(waiting(name, this.#slots.assign(printableName(name), ifindex), ifindex, NOT_YET));
  }

  /** Attaches to all interfaces that were added. Throws SetupError on failure. */
  attach(): void {
    for (const watched of this.#watched) {
      if (watched.link !== undefined) this.#takeOver(watched, watched.link);
      if (watched.link === undefined && watched.ifindex !== 0) this.#attacher.attach(watched, watched.ifindex);
    }
  }

  links(): PinnableLink[] {
    return this.#watched.flatMap((watched) => linkOf(watched) ?? []);
  }

  attached(): AttachedInterface[] {
    return attachedOf(this.#watched, (program) => this.#attacher.isOurs(program));
  }

  unfiltered(): UnfilteredInterface[] {
    return unfilteredOf(this.#watched, this.attached());
  }

  get attachedNames(): string[] {
    return this.#watched.filter(({ link }) => link !== undefined).map(({ name }) => name);
  }

  /** Returns the slots, which are fixed once all interfaces are added. */
  slots(): { name: string; slot: number }[] {
    return this.#watched.map(({ name, slot }) => ({ name, slot }));
  }

  /**
   * Whether `check` has to be called although no event calls for it: attaching to an interface failed, which has to be
   * retried, or notices from the start have not been returned yet.
   */
  get waits(): boolean {
    return this.#unreported.length > 0 || this.#watched.some(({ complaint }) => complaint !== undefined);
  }

  /** Checks every interface once; call about once a second. */
  check(atMs: number): Notice[] {
    // First handle the interfaces that left, which frees an ifindex that belongs to another device by now.
    const left = this.#watched.map((watched) =>
      watched.link === undefined ? undefined : this.#checkLink(watched, watched.link, atMs),
    );
    // At once if the link has just ended: another tool may have detached it from an interface that is still there.
    const returned = this.#watched.map((watched, i) =>
      watched.link === undefined && (left[i] === undefined || watched.away === GONE)
        ? this.#tryAgain(watched, atMs)
        : undefined,
    );
    const unreported = this.#unreported.splice(0);
    return [...unreported, ...left, ...returned, this.#unwatched.check(atMs)].filter((notice) => notice !== undefined);
  }

  ledger(): Ledger['interfaces'] {
    return ledgerOf(this.#watched, this.#counters);
  }

  /** Returns what arrived on unwatched interfaces; undefined if nothing did. */
  unwatched(): Ledger['unwatched'] {
    return this.#unwatched.ledger();
  }

  /** Returns packets by reason number, over all interfaces, watched or not. */
  reasons(): number[] {
    return reasonsOf(this.#watched, this.#counters);
  }

  /** Returns packets lost because a ring was full, since the start. */
  ringFull(): number {
    return ringFullOf(this.#watched, this.#counters);
  }

  detach(): void {
    for (const watched of this.#watched) this.#close(watched);
  }

  #waitFor(name: string): void {
    // An interface of the previous loader that is gone is waited for already.
    if (this.#watched.some((watched) => watched.name === name)) return;
    const slot = this.#slots.reserve(printableName(name));
    const watched: Watched = { ...waiting(name, slot, 0, ABSENT), state: 'waiting' };
    this.#watched.push(watched);
    this.#unreported.push(notices.absent(watched, Date.now()));
  }

  /** Takes over or closes the link that the previous loader left on this interface. */
  #takeOver(watched: Watched, link: number): void {
    const { ifindex } = watched;
    const outcome = this.#attacher.takeOver(watched, link);
    if (outcome === 'elsewhere') {
      this.#leave(watched, LEFT);
      this.#unreported.push(notices.departed(watched, Date.now()));
      watched.ifindex = this.#replaced.get(watched) ?? 0;
    } else if (outcome === 'reattach') {
      this.#keeper?.detached(watched);
      detachLink(link);
      this.#close(watched);
      watched.ifindex = ifindex;
    }
  }

  /** Checks that the link still does what was requested. */
  #checkLink(watched: Watched, link: number, atMs: number): Notice | undefined {
    const { ifindex } = linkFacts(link);
    if (ifindex === 0) {
      this.#leave(watched, GONE);
      return notices.gone(watched, atMs);
    }
    const facts = ifindex === watched.ifindex ? askDevice(link) : undefined;
    // The link exists: the program stays on it, and the next call checks again.
    if (facts === 'unknown') return undefined;
    if (!facts) {
      this.#leave(watched, LEFT);
      return notices.departed(watched, atMs);
    }
    const layer = linkLayerOf(facts);
    if ('problem' in layer) {
      this.#leave(watched, layer.problem);
      watched.complaint = layer.problem;
      return notices.unfilterable(watched, layer.problem, atMs);
    }
    watched.link_layer = layer.link;
    this.#slots.assign(printableName(watched.name), ifindex, watched.slot, kindOf(facts, watched.mode));
    if (facts.name === watched.name) return undefined;
    const before = watched.name;
    watched.name = facts.name;
    this.#keeper?.renamed(watched);
    return notices.renamed(watched, before, atMs);
  }

  #leave(watched: Watched, why: string): void {
    this.#keeper?.detached(watched);
    this.#close(watched);
    this.#slots.release(watched.slot);
    watched.state = 'gone';
    watched.away = why;
    watched.ifindex = 0;
  }

  #tryAgain(watched: Watched, atMs: number): Notice | undefined {
    const ifindex = interfaceIndex(watched.name);
    if (ifindex === 0) {
      watched.complaint = undefined;
      return undefined;
    }
    const isNew = watched.state === 'waiting';
    try {
      this.#attacher.attach(watched, ifindex);
      const link = linkOf(watched);
      if (link) this.#keeper?.attached(link);
    } catch (error) {
      if (!(error instanceof SetupError || error instanceof SystemCallError)) throw error;
      const problem = (error instanceof SetupError && error.facts.problem) || error.message;
      if (watched.complaint === problem) return undefined;
      watched.complaint = problem;
      return notices.notAttached(watched, error.message, atMs);
    }
    watched.complaint = undefined;
    return notices.attachedAgain(watched, isNew, atMs);
  }

  #close(watched: Watched): void {
    if (watched.link === undefined) return;
    closeDescriptor(watched.link);
    watched.link = undefined;
  }
}
