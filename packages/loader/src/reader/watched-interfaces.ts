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
import { linkFactsOf } from '../native/rtnetlink.ts';
import { printableName } from '../system/interface-name.ts';
import { type AttachablePrograms, linkFacts } from '../xdp/attach/attach.ts';
import { askDevice, unlessUnknown } from '../xdp/attach/link-device.ts';
import { linkLayerOf } from '../xdp/attach/link-layer.ts';
import type { InterfaceCounters } from '../xdp/interface-counters.ts';
import type { LeftoverLink } from '../xdp/pinning/leftover-pins.ts';
import type { PinnableLink } from '../xdp/pinning/pins.ts';
import type { SlotTable } from '../xdp/slots.ts';
import { Attacher, noSuchInterface } from './attacher.ts';
import { ledgerOf, reasonsOf, ringFullOf } from './interface-sums.ts';
import { leftoverInterfaces } from './leftover-interfaces.ts';
import { Unwatched } from './unwatched-interfaces.ts';
import { filteringOf, GONE, kindOf, LEFT, type LinkKeeper, linkOf, NOT_YET, type Watched, waiting } from './watched.ts';

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
    // The ifindex may be one of another network namespace: only a device that has the program, or is part of one that
    // has, can be meant.
    this.#unwatched = new Unwatched(counters, unwatchedIfindex, (ifindex) => {
      const facts = unlessUnknown(() => linkFactsOf(ifindex));
      if (!facts || facts === 'unknown') return undefined;
      const of = this.#watched.find(({ link, ...each }) => link !== undefined && each.ifindex === facts.master)?.name;
      return of !== undefined || facts.xdpPrograms.length > 0 ? { name: facts.name, of } : undefined;
    });
  }

  /**
   * Continues with the interfaces that the previous loader attached; its program stays until `attach`. Interfaces of
   * which only the name is left are watched when they return. `reused`: we use its slot table, too. Call before `add`.
   */
  resume(links: readonly LeftoverLink[], names: ReadonlyMap<number, string>, reused: boolean): void {
    this.#watched.push(...leftoverInterfaces(links, names, this.#slots, reused));
  }

  /**
   * Gives the interface a slot. `given` may be an alternative name. Throws SetupError if the interface does not exist.
   */
  add(given: string): void {
    const ifindex = interfaceIndex(given);
    const name = interfaceName(ifindex) ?? given;
    if (ifindex !== 0 && this.#watched.some((watched) => watched.ifindex === ifindex)) return;
    if (ifindex === 0) throw noSuchInterface(printableName(name));
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

  /** Returns the interfaces that have our program, according to their links and devices. */
  attached(): AttachedInterface[] {
    return this.#watched.flatMap(({ name, ifindex, mode, link }) => {
      if (link === undefined || !this.#attacher.isOurs(linkFacts(link).program)) return [];
      return linkFacts(link).ifindex === ifindex && askDevice(link) ? [{ name, ifindex, mode }] : [];
    });
  }

  /** Returns the other interfaces: no rule acts there. */
  unfiltered(): UnfilteredInterface[] {
    const attached = new Set(this.attached().map(({ name }) => name));
    return this.#watched
      .filter(({ name }) => !attached.has(name))
      .map(({ name, ...watched }) => ({ name, why: filteringOf(watched).why ?? LEFT }));
  }

  /** Returns the slots, which are fixed once all interfaces are added. */
  slots(): { name: string; slot: number }[] {
    return this.#watched.map(({ name, slot }) => ({ name, slot }));
  }

  /** Whether attaching to an interface failed. No event signals when it would succeed, so it has to be retried. */
  get waits(): boolean {
    return this.#watched.some(({ complaint }) => complaint !== undefined);
  }

  /** Checks every interface once; call about once a second. */
  check(atMs: number): Notice[] {
    // First handle the interfaces that left, which frees an ifindex that belongs to another device by now.
    const left = this.#watched.map((watched) =>
      watched.link === undefined ? undefined : this.#checkLink(watched, watched.link, atMs),
    );
    const returned = this.#watched.map((watched, i) =>
      watched.link === undefined && left[i] === undefined ? this.#tryAgain(watched, atMs) : undefined,
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

  /** Takes over or closes the link that the previous loader left on this interface. */
  #takeOver(watched: Watched, link: number): void {
    const { ifindex } = watched;
    const outcome = this.#attacher.takeOver(watched, link);
    if (outcome === 'elsewhere') {
      this.#unreported.push(this.#left(watched, Date.now()));
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
    const shown = printableName(watched.name);
    const { ifindex } = linkFacts(link);
    const about = { at_ms: atMs, interface: watched.name };
    if (ifindex === 0) {
      this.#leave(watched, GONE);
      const message = `Interface ${shown} is gone. Its counters are kept; it will be watched again when it returns.`;
      return { ...about, level: 'warning', code: 'interface_gone', message };
    }
    const facts = ifindex === watched.ifindex ? askDevice(link) : undefined;
    // The link exists: the program stays on it, and the next call checks again.
    if (facts === 'unknown') return undefined;
    if (!facts) return this.#left(watched, atMs);
    const layer = linkLayerOf(facts);
    if ('problem' in layer) {
      this.#leave(watched, layer.problem);
      watched.complaint = layer.problem;
      const message = `Interface ${shown} is no longer filtered: ${layer.problem}. Its counters are kept.`;
      return { ...about, level: 'error', code: 'attach_failed', message };
    }
    watched.link_layer = layer.link;
    this.#slots.assign(shown, ifindex, watched.slot, kindOf(facts, watched.mode));
    if (facts.name === watched.name) return undefined;
    const message = `Interface ${shown} is now called ${printableName(facts.name)}; it is watched as before.`;
    watched.name = facts.name;
    this.#keeper?.renamed(watched);
    return { at_ms: atMs, level: 'info', code: 'interface_renamed', message, interface: facts.name };
  }

  #left(watched: Watched, atMs: number): Notice {
    this.#leave(watched, LEFT);
    const message = `Interface ${printableName(watched.name)} left this network namespace: the program was detached from it, and rules do not act there. Its counters are kept; it will be watched again when it returns.`;
    return { at_ms: atMs, interface: watched.name, level: 'warning', code: 'interface_gone', message };
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
    const about = { at_ms: atMs, interface: watched.name };
    try {
      this.#attacher.attach(watched, ifindex);
      const link = linkOf(watched);
      if (link) this.#keeper?.attached(link);
    } catch (error) {
      if (!(error instanceof SetupError || error instanceof SystemCallError)) throw error;
      const problem = (error instanceof SetupError && error.facts.problem) || error.message;
      if (watched.complaint === problem) return undefined;
      watched.complaint = problem;
      return { ...about, level: 'error', code: 'attach_failed', message: error.message };
    }
    watched.complaint = undefined;
    const message = `Interface ${printableName(watched.name)} is back and watched again (${watched.mode}).`;
    return { ...about, level: 'info', code: 'interface_returned', message };
  }

  #close(watched: Watched): void {
    if (watched.link === undefined) return;
    closeDescriptor(watched.link);
    watched.link = undefined;
  }
}
