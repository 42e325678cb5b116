/** Attaches the program to a watched interface, or updates the link that the previous loader left there. */
import type { RequestedMode } from '../ipc/settings.ts';
import { objectId } from '../native/bpf-objects.ts';
import type { LinkFacts } from '../native/link-message.ts';
import { linkFactsOf } from '../native/rtnetlink.ts';
import { printableName } from '../system/interface-name.ts';
import { type AttachablePrograms, type Attachment, attach } from '../xdp/attach/attach.ts';
import { deviceOf, updateOn } from '../xdp/attach/link-device.ts';
import { linkLayerOf } from '../xdp/attach/link-layer.ts';
import { cannotWatch, noSuchInterface, unreadableLink } from '../xdp/attach/watch-errors.ts';
import type { SlotKind, SlotTable } from '../xdp/slots.ts';
import { kindOf, type Watched } from './watched.ts';

/** Outcome of `takeOver`. `reattach`: the caller can close the link and attach to the interface again. */
export type TakenOver = 'yes' | 'elsewhere' | 'reattach';

const TWO_BONDS = 'members of two bonds cannot be told apart in native mode';

export class Attacher {
  readonly #programs: AttachablePrograms;
  readonly #slots: SlotTable;
  readonly #mode: RequestedMode;

  constructor(programs: AttachablePrograms, slots: SlotTable, mode: RequestedMode) {
    this.#programs = programs;
    this.#slots = slots;
    this.#mode = mode;
  }

  /** Attaches to the interface and updates `watched`. Throws SetupError, SystemCallError. */
  attach(watched: Watched, ifindex: number): void {
    const shown = printableName(watched.name);
    const facts = linkFactsOf(ifindex);
    if (!facts) throw noSuchInterface(shown);
    const layer = linkLayerOf(facts);
    if ('problem' in layer) throw unreadableLink(shown, layer.problem);
    const { link, mode, reason } = this.#climb(watched, facts);
    watched.link = link;
    watched.mode = mode;
    watched.ifindex = ifindex;
    watched.state = 'attached';
    watched.link_layer = layer.link;
    if (reason === undefined) delete watched.mode_reason;
    else watched.mode_reason = reason;
  }

  /**
   * Replaces the previous loader's program behind `link`. Every packet runs through either the old or the new program,
   * unless the outcome is `reattach`.
   */
  takeOver(watched: Watched, link: number): TakenOver {
    const { name, mode, slot } = watched;
    const facts = deviceOf(link);
    if (!facts) return 'elsewhere';
    const isSecond = kindOf(facts, mode) === 'bond' && !this.#slots.canAdopt(slot);
    // Reject this before anything is closed.
    if (isSecond) this.#needGeneric(printableName(name));
    const program = mode === 'native_frags' ? this.#programs.frags : this.#programs.single;
    if (!updateOn(link, program ?? this.#programs.single, printableName(name))) return 'elsewhere';
    if (isSecond) return 'reattach';
    this.#slots.assign(printableName(name), facts.ifindex, slot, kindOf(facts, mode));
    return 'yes';
  }

  /** Whether `program` is the id of one of our programs. */
  isOurs(program: number): boolean {
    const { single, frags } = this.#programs;
    return [single, frags].some((fd) => fd !== undefined && objectId(fd) === program);
  }

  /** Assigns the slot before attaching, so that the slot table has the link layer before the first frame. */
  #climb(watched: Watched, facts: LinkFacts): Attachment {
    const shown = printableName(watched.name);
    const isSecondBond = facts.kind === 'bond' && !this.#slots.canAdopt(watched.slot);
    if (isSecondBond) this.#needGeneric(shown);
    const requested = isSecondBond ? 'generic' : this.#mode;
    const assign = (kind: SlotKind) => this.#slots.assign(shown, facts.ifindex, watched.slot, kind);
    // A bond's members carry the program as soon as it is attached natively.
    watched.slot = assign(kindOf(facts, requested === 'generic' ? 'generic' : 'native'));
    const attached = attach(this.#programs, shown, facts, requested);
    assign(kindOf(facts, attached.mode));
    return isSecondBond && this.#mode === 'auto' ? { ...attached, reason: TWO_BONDS } : attached;
  }

  #needGeneric(shown: string): void {
    if (this.#mode !== 'native') return;
    throw cannotWatch(shown, TWO_BONDS, 'Use --mode auto, or a second packetlog for this bond.');
  }
}
