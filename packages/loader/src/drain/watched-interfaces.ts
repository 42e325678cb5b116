/** The interfaces we are attached to: attaching, noticing that one vanished, attaching again when it returns. */
import type { Interface, Ledger, Notice } from '@packetlog/common';
import { type AttachablePrograms, attach, linkFacts, linkInterface } from '../kernel/attach.ts';
import type { RequestedMode } from '../kernel/attach-ladder.ts';
import type { InterfaceCounters } from '../kernel/interface-counters.ts';
import { printableName } from '../kernel/interface-name.ts';
import { need } from '../kernel/outcome.ts';
import type { PinnableLink } from '../kernel/pins.ts';
import type { RemainingLink } from '../kernel/remains.ts';
import type { SlotTable } from '../kernel/slots.ts';
import { closeDescriptor, interfaceIndex, interfaceName } from '../native/libc.ts';
import { objectId, updateLink } from '../native/pinning.ts';
import { SetupError } from '../setup-error.ts';
import type { AttachedInterface } from './messages.ts';

interface Watched extends Interface {
  slot: number;
  link: number | undefined;
  /** The last refusal told, so that it is told once. */
  complaint: string | undefined;
}

/** Told of what is attached, so that it can go on without this process. */
export interface LinkKeeper {
  attached(link: PinnableLink): void;
  detached(link: Pick<PinnableLink, 'slot' | 'mode'>): void;
  renamed(link: Pick<PinnableLink, 'slot' | 'name'>): void;
}

export class WatchedInterfaces {
  readonly #programs: AttachablePrograms;
  readonly #slots: SlotTable;
  readonly #counters: InterfaceCounters;
  readonly #mode: RequestedMode;
  readonly #keeper: LinkKeeper | undefined;
  readonly #watched: Watched[] = [];

  constructor(
    programs: AttachablePrograms,
    slots: SlotTable,
    counters: InterfaceCounters,
    mode: RequestedMode,
    keeper?: LinkKeeper,
  ) {
    this.#programs = programs;
    this.#slots = slots;
    this.#counters = counters;
    this.#mode = mode;
    this.#keeper = keeper;
  }

  /**
   * Goes on with what a loader before attached; its program stays until `attach`. Interfaces of which only the name is
   * left are watched when they return. Call before `add`.
   */
  resume(links: readonly RemainingLink[], names: ReadonlyMap<number, string>): void {
    for (const { slot, mode, ifindex, fd } of links) {
      const name = interfaceName(ifindex) ?? names.get(slot) ?? String(ifindex);
      this.#slots.assign(printableName(name), ifindex, slot);
      this.#watched.push({ name, slot, state: 'attached', ifindex, mode, link: fd, complaint: undefined });
    }
    for (const [slot, name] of names) {
      if (this.#watched.some((watched) => watched.slot === slot || watched.name === name)) continue;
      this.#watched.push({
        name,
        slot,
        state: 'gone',
        ifindex: 0,
        mode: 'generic',
        link: undefined,
        complaint: undefined,
      });
    }
  }

  /** Gives it a slot. Throws SetupError if the interface is not there. An alternative name is one, too. */
  add(given: string): void {
    const ifindex = interfaceIndex(given);
    const name = interfaceName(ifindex) ?? given;
    if (ifindex !== 0 && this.#watched.some((watched) => watched.ifindex === ifindex)) return;
    if (ifindex === 0) {
      throw new SetupError({
        step: 'watch',
        target: printableName(name),
        problem: 'no such interface',
        next: 'See which there are with: ip -br link.',
        exit: 'not_found',
      });
    }
    const returned = this.#watched.find((watched) => watched.ifindex === 0 && watched.name === name);
    if (returned) {
      this.#slots.assign(printableName(name), ifindex, returned.slot);
      returned.ifindex = ifindex;
      return;
    }
    this.#watched.push({
      name,
      slot: this.#slots.assign(printableName(name), ifindex),
      state: 'gone',
      ifindex,
      mode: 'generic',
      link: undefined,
      complaint: undefined,
    });
  }

  /** To all that were added. Throws SetupError if one refuses. */
  attach(): void {
    for (const watched of this.#watched) {
      if (watched.link !== undefined) this.#update(watched, watched.link);
      else if (watched.ifindex !== 0) this.#attach(watched, watched.ifindex);
    }
  }

  links(): PinnableLink[] {
    return this.#watched.flatMap((watched) => linkOf(watched) ?? []);
  }

  /** Those with our program on them, as their links say. */
  attached(): AttachedInterface[] {
    const { single, frags } = this.#programs;
    const ours = new Set([single, frags].flatMap((fd) => (fd === undefined ? [] : objectId(fd))));
    return this.#watched.flatMap(({ name, mode, link }) => {
      if (link === undefined) return [];
      const { ifindex, program } = linkFacts(link);
      return ifindex !== 0 && ours.has(program) ? [{ name, ifindex, mode }] : [];
    });
  }

  /** Fixed once all are added. */
  slots(): { name: string; slot: number }[] {
    return this.#watched.map(({ name, slot }) => ({ name, slot }));
  }

  /** An interface could not be attached to: nobody tells when it can, so it has to be tried again. */
  get waits(): boolean {
    return this.#watched.some(({ complaint }) => complaint !== undefined);
  }

  /** Looks once at every interface; call about once a second. */
  look(atMs: number): Notice[] {
    return this.#watched.flatMap((watched) => this.#lookAt(watched, atMs) ?? []);
  }

  ledger(): Ledger['interfaces'] {
    return this.#watched.map(({ name, ifindex, mode, state, mode_reason, slot }) => ({
      name,
      ifindex,
      mode,
      state,
      ...(mode_reason === undefined ? {} : { mode_reason }),
      counters: this.#counters.read(slot),
    }));
  }

  /** Packets by reason number, over all interfaces. */
  reasons(): number[] {
    const sums: number[] = [];
    for (const { slot } of this.#watched) {
      this.#counters.reasons(slot).forEach((count, reason) => {
        sums[reason] = (sums[reason] ?? 0) + count;
      });
    }
    return sums;
  }

  /** Packets that found no room in a ring since the start. */
  ringFull(): number {
    return this.#watched.reduce((sum, { slot }) => sum + this.#counters.ringFull(slot), 0);
  }

  detach(): void {
    for (const watched of this.#watched) this.#close(watched);
  }

  #attach(watched: Watched, ifindex: number): void {
    watched.slot = this.#slots.assign(printableName(watched.name), ifindex, watched.slot);
    const { link, mode, reason } = attach(this.#programs, printableName(watched.name), ifindex, this.#mode);
    watched.link = link;
    watched.mode = mode;
    watched.ifindex = ifindex;
    watched.state = 'attached';
    if (reason === undefined) delete watched.mode_reason;
    else watched.mode_reason = reason;
  }

  /** Each packet is judged by the program before or by ours, none by neither. */
  #update({ name, mode }: Watched, link: number): void {
    const program = mode === 'native_frags' ? this.#programs.frags : this.#programs.single;
    need(updateLink(link, program ?? this.#programs.single), 'take over', printableName(name));
  }

  #lookAt(watched: Watched, atMs: number): Notice | undefined {
    if (watched.link === undefined) return this.#tryAgain(watched, atMs);
    const ifindex = linkInterface(watched.link);
    const shown = printableName(watched.name);
    if (ifindex === 0) {
      this.#keeper?.detached(watched);
      this.#close(watched);
      this.#slots.release(watched.slot);
      watched.state = 'gone';
      watched.ifindex = 0;
      const message = `Interface ${shown} is gone. Its counters are kept; it will be watched again when it returns.`;
      return { at_ms: atMs, level: 'warning', code: 'interface_gone', message, interface: watched.name };
    }
    const name = interfaceName(ifindex);
    if (name === undefined || name === watched.name) return undefined;
    const message = `Interface ${shown} is now called ${printableName(name)}; it is watched as before.`;
    watched.name = name;
    watched.ifindex = ifindex;
    this.#keeper?.renamed(watched);
    return { at_ms: atMs, level: 'info', code: 'interface_renamed', message, interface: name };
  }

  #tryAgain(watched: Watched, atMs: number): Notice | undefined {
    const ifindex = interfaceIndex(watched.name);
    if (ifindex === 0) {
      watched.complaint = undefined;
      return undefined;
    }
    const about = { at_ms: atMs, interface: watched.name };
    try {
      this.#attach(watched, ifindex);
      const link = linkOf(watched);
      if (link) this.#keeper?.attached(link);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      if (watched.complaint === error.message) return undefined;
      watched.complaint = error.message;
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

function linkOf({ slot, mode, name, link }: Watched): PinnableLink | undefined {
  return link === undefined ? undefined : { slot, mode, name, fd: link };
}
