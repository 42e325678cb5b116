/**
 * The interfaces that the program is attached to: attaching, noticing that one vanished or left the network namespace,
 * attaching again when it returns.
 */
import type { Filtering, Interface, Ledger, Notice } from '@packetlog/common';
import { type AttachablePrograms, type Attachment, attach, linkFacts } from '../kernel/attach.ts';
import type { RequestedMode } from '../kernel/attach-ladder.ts';
import type { InterfaceCounters } from '../kernel/interface-counters.ts';
import { printableName } from '../kernel/interface-name.ts';
import { linkLayerOf } from '../kernel/link-layer.ts';
import { need } from '../kernel/outcome.ts';
import type { PinnableLink } from '../kernel/pins.ts';
import type { RemainingLink } from '../kernel/remains.ts';
import type { SlotKind, SlotTable } from '../kernel/slots.ts';
import { closeDescriptor, interfaceIndex, interfaceName, SystemCallError } from '../native/libc.ts';
import type { LinkFacts } from '../native/link-message.ts';
import { objectId, updateLink } from '../native/pinning.ts';
import { linkFactsOf } from '../native/rtnetlink.ts';
import { SetupError } from '../setup-error.ts';
import type { AttachedInterface, UnfilteredInterface } from './messages.ts';
import { Unwatched } from './unwatched.ts';

interface Watched extends Interface {
  slot: number;
  link: number | undefined;
  /** Why it is not attached. */
  away: string;
  /** The last failure told, so that it is told once. */
  complaint: string | undefined;
}

/** Told of what is attached, so that it can go on without this process. */
export interface LinkKeeper {
  attached(link: PinnableLink): void;
  detached(link: Pick<PinnableLink, 'slot' | 'mode'>): void;
  renamed(link: Pick<PinnableLink, 'slot' | 'name'>): void;
}

const NOT_YET = 'the program is not attached yet';
const GONE = 'the interface is gone';
const LEFT = 'the interface is in another network namespace now';

export class WatchedInterfaces {
  readonly #programs: AttachablePrograms;
  readonly #slots: SlotTable;
  readonly #counters: InterfaceCounters;
  readonly #mode: RequestedMode;
  readonly #keeper: LinkKeeper | undefined;
  readonly #unwatched: Unwatched;
  readonly #watched: Watched[] = [];

  /** `unwatchedIfindex`: the last interface without a slot that the program saw. */
  constructor(
    programs: AttachablePrograms,
    slots: SlotTable,
    counters: InterfaceCounters,
    mode: RequestedMode,
    unwatchedIfindex: () => number,
    keeper?: LinkKeeper,
  ) {
    this.#programs = programs;
    this.#slots = slots;
    this.#counters = counters;
    this.#mode = mode;
    this.#keeper = keeper;
    // A number may be one of another network namespace: only a device with an XDP program can be meant.
    this.#unwatched = new Unwatched(counters, unwatchedIfindex, (ifindex) => {
      const facts = unlessUnknown(() => linkFactsOf(ifindex));
      return facts && facts !== 'unknown' && facts.xdpPrograms.length > 0 ? facts.name : undefined;
    });
  }

  /**
   * Goes on with what a loader before attached; its program stays until `attach`. Interfaces of which only the name is
   * left are watched when they return. `reused`: its slot table is ours, too. Call before `add`.
   */
  resume(links: readonly RemainingLink[], names: ReadonlyMap<number, string>, reused: boolean): void {
    const here = links.map((link) => ({ ...link, facts: factsOf(link.fd, link.ifindex) }));
    const living = here.flatMap(({ facts, mode, ...link }) => (facts ? { ...link, kind: kindOf(facts, mode) } : []));
    this.#slots.resume(reused ? living : [], Math.max(0, ...names.keys(), ...links.map(({ slot }) => slot)));
    for (const { slot, mode, ifindex, fd, facts } of here) {
      const name = facts?.name ?? names.get(slot) ?? String(ifindex);
      if (!reused && facts) this.#slots.assign(printableName(name), ifindex, slot, kindOf(facts, mode));
      // One that left the network namespace is noticed, and let go, by the first look.
      this.#watched.push({ name, slot, state: 'attached', ifindex, mode, link: fd, away: '', complaint: undefined });
    }
    for (const [slot, name] of names) {
      if (this.#watched.some((watched) => watched.slot === slot || watched.name === name)) continue;
      this.#watched.push(waiting(name, slot, 0, GONE));
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
    this.#watched.push(waiting(name, this.#slots.assign(printableName(name), ifindex), ifindex, NOT_YET));
  }

  /** To all that were added. Throws SetupError where that fails. */
  attach(): void {
    for (const watched of this.#watched) {
      if (watched.link !== undefined) this.#update(watched, watched.link);
      else if (watched.ifindex !== 0) this.#attach(watched, watched.ifindex);
    }
  }

  links(): PinnableLink[] {
    return this.#watched.flatMap((watched) => linkOf(watched) ?? []);
  }

  /** Those with our program on them, as their links and devices say. */
  attached(): AttachedInterface[] {
    const { single, frags } = this.#programs;
    const ours = new Set([single, frags].flatMap((fd) => (fd === undefined ? [] : objectId(fd))));
    return this.#watched.flatMap(({ name, ifindex, mode, link }) => {
      if (link === undefined || !ours.has(linkFacts(link).program)) return [];
      return linkFacts(link).ifindex === ifindex && askFacts(link, ifindex) ? [{ name, ifindex, mode }] : [];
    });
  }

  /** The others: no rule acts there. */
  unfiltered(): UnfilteredInterface[] {
    const attached = new Set(this.attached().map(({ name }) => name));
    return this.#watched
      .filter(({ name }) => !attached.has(name))
      .map(({ name, ...watched }) => ({ name, why: filteringOf(watched).why ?? LEFT }));
  }

  /** Fixed once all are added. */
  slots(): { name: string; slot: number }[] {
    return this.#watched.map(({ name, slot }) => ({ name, slot }));
  }

  /** An interface could not be attached to: no event says when it can, so it has to be tried again. */
  get waits(): boolean {
    return this.#watched.some(({ complaint }) => complaint !== undefined);
  }

  /** Looks once at every interface; call about once a second. */
  look(atMs: number): Notice[] {
    // First what left, so that a number which means another device by now is free for it.
    const left = this.#watched.map((watched) =>
      watched.link === undefined ? undefined : this.#check(watched, watched.link, atMs),
    );
    const returned = this.#watched.map((watched, i) =>
      watched.link === undefined && left[i] === undefined ? this.#tryAgain(watched, atMs) : undefined,
    );
    return [...left, ...returned, this.#unwatched.look(atMs)].filter((notice) => notice !== undefined);
  }

  ledger(): Ledger['interfaces'] {
    return this.#watched.map(({ name, ifindex, mode, state, mode_reason, link_layer, slot, ...watched }) => ({
      name,
      ifindex,
      mode,
      state,
      ...(mode_reason === undefined ? {} : { mode_reason }),
      ...(link_layer === undefined ? {} : { link_layer }),
      filtering: filteringOf(watched),
      counters: this.#counters.read(slot),
    }));
  }

  /** What arrived on other interfaces; undefined for nothing. */
  unwatched(): Ledger['unwatched'] {
    return this.#unwatched.ledger();
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
    return this.#watched.reduce((sum, { slot }) => sum + this.#counters.ringFull(slot), this.#counters.ringFull(0));
  }

  detach(): void {
    for (const watched of this.#watched) this.#close(watched);
  }

  #attach(watched: Watched, ifindex: number): void {
    const shown = printableName(watched.name);
    const facts = linkFactsOf(ifindex);
    if (!facts) throw cannotWatch(shown, 'the interface is gone', 'See which there are with: ip -br link.');
    const layer = linkLayerOf(facts);
    if ('problem' in layer) {
      throw cannotWatch(shown, layer.problem, 'Rules cannot act there: watch another interface with --iface.');
    }
    const { link, mode, reason } = this.#climb(watched, facts);
    watched.link = link;
    watched.mode = mode;
    watched.ifindex = ifindex;
    watched.state = 'attached';
    watched.link_layer = layer.link;
    if (reason === undefined) delete watched.mode_reason;
    else watched.mode_reason = reason;
  }

  /** The slot table says what frames begin with before the first one comes. */
  #climb(watched: Watched, facts: LinkFacts): Attachment {
    const shown = printableName(watched.name);
    const isSecondBond = facts.kind === 'bond' && !this.#slots.canAdopt(watched.slot);
    if (isSecondBond && this.#mode === 'native') {
      const problem = 'members of two bonds cannot be told apart in native mode';
      throw cannotWatch(shown, problem, 'Use --mode auto, or a second packetlog for this bond.');
    }
    const requested = isSecondBond ? 'generic' : this.#mode;
    const assign = (kind: SlotKind) => this.#slots.assign(shown, facts.ifindex, watched.slot, kind);
    // A bond's members carry the program as soon as it is attached natively.
    watched.slot = assign(kindOf(facts, requested === 'generic' ? 'generic' : 'native'));
    const attached = attach(this.#programs, shown, facts, requested);
    assign(kindOf(facts, attached.mode));
    return attached;
  }

  /** Each packet is judged by the program before or by ours, none by neither. */
  #update({ name, mode }: Watched, link: number): void {
    const program = mode === 'native_frags' ? this.#programs.frags : this.#programs.single;
    need(updateLink(link, program ?? this.#programs.single), 'take over', printableName(name));
  }

  /** Whether the link still does what was asked for. */
  #check(watched: Watched, link: number, atMs: number): Notice | undefined {
    const shown = printableName(watched.name);
    const { ifindex } = linkFacts(link);
    const about = { at_ms: atMs, interface: watched.name };
    if (ifindex === 0) {
      this.#leave(watched, GONE);
      const message = `Interface ${shown} is gone. Its counters are kept; it will be watched again when it returns.`;
      return { ...about, level: 'warning', code: 'interface_gone', message };
    }
    const facts = ifindex === watched.ifindex ? askFacts(link, ifindex) : undefined;
    // The link is there: the program stays on it, and the next look asks again.
    if (facts === 'unknown') return undefined;
    if (!facts) {
      this.#leave(watched, LEFT);
      const message = `Interface ${shown} left this network namespace: the program was taken off it, and rules do not act there. Its counters are kept; it will be watched again when it returns.`;
      return { ...about, level: 'warning', code: 'interface_gone', message };
    }
    const layer = linkLayerOf(facts);
    if ('problem' in layer) {
      this.#leave(watched, layer.problem);
      watched.complaint = layer.problem;
      const message = `Interface ${shown} is not filtered any more: ${layer.problem}. Its counters are kept.`;
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
      this.#attach(watched, ifindex);
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

function waiting(name: string, slot: number, ifindex: number, away: string): Watched {
  return { name, slot, state: 'gone', ifindex, mode: 'generic', link: undefined, away, complaint: undefined };
}

function cannotWatch(target: string, problem: string, next: string): SetupError {
  return new SetupError({ step: 'watch', target, problem, next, exit: 'unsupported' });
}

function filteringOf({ link, away, complaint }: Pick<Watched, 'link' | 'away' | 'complaint'>): Filtering {
  return link === undefined ? { state: 'none', why: complaint ?? away } : { state: 'full' };
}

/**
 * Of the device that a link is on, if that is in this network namespace: a number belongs to a namespace
 * (dev_change_net_namespace may give another), so the device with that number must have the link's program.
 */
function factsOf(link: number, ifindex: number): LinkFacts | undefined {
  const { program } = linkFacts(link);
  const facts = linkFactsOf(ifindex);
  return facts?.xdpPrograms.includes(program) ? facts : undefined;
}

/** As `factsOf`; 'unknown' where the kernel cannot say now, for want of memory or a descriptor. */
const askFacts = (link: number, ifindex: number) => unlessUnknown(() => factsOf(link, ifindex));

function unlessUnknown<T>(ask: () => T): T | 'unknown' {
  try {
    return ask();
  } catch (error) {
    if (error instanceof SystemCallError) return 'unknown';
    throw error;
  }
}

/** bond_xdp_set (drivers/net/bonding/bond_main.c) puts a native program on the members, and new ones get it as they join. */
function kindOf(facts: LinkFacts, mode: Interface['mode']): SlotKind {
  if (facts.kind === 'bond' && mode !== 'generic') return 'bond';
  const layer = linkLayerOf(facts);
  return 'link' in layer ? layer.link : 'ethernet';
}

function linkOf({ slot, mode, name, link }: Watched): PinnableLink | undefined {
  return link === undefined ? undefined : { slot, mode, name, fd: link };
}
