/**
 * Encodes records as a pcapng capture (draft-ietf-opsawg-pcapng), for Wireshark and similar tools.
 *
 * Each packet consists of the headers that its record contains (see rebuilt-frame.ts), with the frame's real length.
 * The comment of the section header notes this. The verdict, with reason, rule and weight, is the packet's comment,
 * unless it is just "permitted". It is not an `epb_verdict` option: Wireshark 4.0 writes that option wrongly when it
 * saves the file, and then no reader can open it (`pcapng_write_enhanced_packet_block` of wiretap/pcapng.c).
 */
import { actionName, reasonName } from '../record/field-names.ts';
import { ACTIONS, REASONS } from '../record/layout.ts';
import type { PacketLogView } from '../record/view.ts';
import { REBUILT_FRAME_LIMIT, rebuildFrame } from './rebuilt-frame.ts';

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const LINKTYPE_ETHERNET = 1;
const NANOSECONDS = 9;

const OPT_END = 0;
const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const EPB_FLAGS = 2;
const INBOUND = 1;

/** Magic, version 1.0, and a section length of -1: the length is unknown until the end. */
const SECTION_HEADER_BODY = 16;
const INTERFACE_BODY = 8;
const PACKET_BODY = 20;
/** Type, length, and the length again at the end. */
const BLOCK_FRAME = 12;
/** Upper bound for one packet's block. */
const ROOM = 1024;

export const PCAPNG_COMMENT =
  'Headers rebuilt from PacketLog records: payloads, MAC addresses, TTL, window, sequence numbers and checksums were not ' +
  'recorded. MAC addresses and sequence numbers are zero, TTL is 64, the window 65535; checksums are right for payloads ' +
  'of zeros.';

/**
 * Browsers and Node.js have TextEncoder, but the ECMAScript library, the only one this package builds with, does not.
 */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** Encodes one little-endian section. Call `take` periodically: the buffer grows without a limit. */
export class PcapngEncoder {
  readonly #interfaceName: (ifindex: number) => string;
  readonly #interfaces = new Map<number, number>();
  readonly #frame = new DataView(new ArrayBuffer(REBUILT_FRAME_LIMIT));
  readonly #frameBytes = new Uint8Array(this.#frame.buffer);
  #bytes = new Uint8Array(64 * 1024);
  #data = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(interfaceName: (ifindex: number) => string) {
    this.#interfaceName = interfaceName;
    this.#block(SECTION_HEADER, () => {
      const data = this.#data;
      data.setUint32(this.#length, BYTE_ORDER_MAGIC, true);
      data.setUint16(this.#length + 4, 1, true);
      data.setUint16(this.#length + 6, 0, true);
      data.setBigInt64(this.#length + 8, -1n, true);
      this.#length += SECTION_HEADER_BODY;
      this.#textOption(OPT_COMMENT, PCAPNG_COMMENT);
      this.#textOption(SHB_USERAPPL, 'PacketLog');
      this.#endOfOptions();
    });
  }

  add(view: PacketLogView, i: number): void {
    const port = this.#interfaceOf(view.ifindex(i));
    this.#frameBytes.fill(0);
    const rebuilt = rebuildFrame(view, i, this.#frame);
    this.#block(ENHANCED_PACKET, () => {
      const data = this.#data;
      const ns = view.timestampNs(i);
      data.setUint32(this.#length, port, true);
      data.setUint32(this.#length + 4, Number(ns >> 32n), true);
      data.setUint32(this.#length + 8, Number(ns & 0xffff_ffffn), true);
      data.setUint32(this.#length + 12, rebuilt, true);
      data.setUint32(this.#length + 16, Math.max(rebuilt, view.frameLength(i)), true);
      this.#length += PACKET_BODY;
      this.#padded(this.#frameBytes.subarray(0, rebuilt));
      const comment = commentOf(view, i);
      if (comment !== '') this.#textOption(OPT_COMMENT, comment);
      this.#optionHead(EPB_FLAGS, 4);
      this.#data.setUint32(this.#length, INBOUND, true);
      this.#length += 4;
      this.#endOfOptions();
    });
  }

  /** Returns what was encoded since the last call. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #interfaceOf(ifindex: number): number {
    const existing = this.#interfaces.get(ifindex);
    if (existing !== undefined) return existing;
    const number = this.#interfaces.size;
    this.#interfaces.set(ifindex, number);
    this.#block(INTERFACE_DESCRIPTION, () => {
      this.#data.setUint16(this.#length, LINKTYPE_ETHERNET, true);
      this.#data.setUint16(this.#length + 2, 0, true);
      this.#data.setUint32(this.#length + 4, 0, true); // no limit of the captured length
      this.#length += INTERFACE_BODY;
      this.#textOption(IF_NAME, this.#interfaceName(ifindex));
      this.#optionHead(IF_TSRESOL, 1);
      this.#padded(Uint8Array.of(NANOSECONDS));
      this.#endOfOptions();
    });
    return number;
  }

  #block(type: number, body: () => void): void {
    this.#makeRoom();
    const start = this.#length;
    this.#data.setUint32(start, type, true);
    this.#length += 8;
    body();
    const total = this.#length - start + 4;
    this.#data.setUint32(start + 4, total, true);
    this.#data.setUint32(this.#length, total, true);
    this.#length += BLOCK_FRAME - 8;
  }

  #makeRoom(): void {
    if (this.#length + ROOM <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#data = new DataView(larger.buffer);
  }

  #textOption(code: number, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#optionHead(code, bytes.length);
    this.#padded(bytes);
  }

  #optionHead(code: number, length: number): void {
    this.#data.setUint16(this.#length, code, true);
    this.#data.setUint16(this.#length + 2, length, true);
    this.#length += 4;
  }

  #endOfOptions(): void {
    this.#optionHead(OPT_END, 0);
  }

  #padded(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    const end = (this.#length + bytes.length + 3) & ~3;
    this.#bytes.fill(0, this.#length + bytes.length, end);
    this.#length = end;
  }
}

/** Returns '' for a packet that passed, whole, unsampled and without a rule, as most do. */
function commentOf(view: PacketLogView, i: number): string {
  const action = view.action(i);
  const reason = view.reason(i);
  const words: string[] = [];
  if (action !== ACTIONS.permit) words.push(`action ${actionName(action)}`);
  if (reason !== REASONS.none) words.push(`reason ${reasonName(reason)}`);
  if (view.ruleId(i) !== 0) words.push(`rule ${view.ruleId(i)}`);
  if (view.weight(i) > 1) words.push(`stands for ${view.weight(i)} packets`);
  return words.join(', ');
}
