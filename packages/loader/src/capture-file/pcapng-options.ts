/** The options of pcapng blocks (draft-ietf-opsawg-pcapng, 3.5): those that a replay needs. */
import { damaged } from './captured-frame.ts';

const END = 0;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
const EPB_FLAGS = 2;
/** Bits 0 and 1 of epb_flags. */
const DIRECTION = 3;
const OUTBOUND = 2;

export const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;

/** Calls `each` for every option. `position`: that of `bytes` in the file, for errors. */
function forEachOption(
  bytes: Uint8Array,
  little: boolean,
  position: number,
  each: (code: number, value: DataView) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === END) return;
    if (at + 4 + length > bytes.length) throw damaged('an option beyond the end of its block', position + at);
    each(code, new DataView(bytes.buffer, bytes.byteOffset + at + 4, length));
    at += 4 + padded(length);
  }
}

/** What the options of an interface say about it and its times. */
export interface InterfaceOptions {
  readonly name: string | undefined;
  /** Converts a timestamp of its frames to nanoseconds since 1970, modulo 2^64. */
  readonly toNs: (timestamp: bigint) => bigint;
}

export function interfaceOptions(bytes: Uint8Array, little: boolean, position: number): InterfaceOptions {
  let name: string | undefined;
  let resolution = 6;
  let offset = 0n;
  forEachOption(bytes, little, position, (code, value) => {
    if (code === IF_NAME) name = textOf(value);
    else if (code === IF_TSRESOL && value.byteLength >= 1) resolution = value.getUint8(0);
    else if (code === IF_TSOFFSET && value.byteLength >= 8) offset = value.getBigInt64(0, little);
  });
  const scale = scaleOf(resolution);
  return {
    name: name === undefined || name === '' ? undefined : name,
    toNs: (timestamp) => BigInt.asUintN(64, scale(timestamp) + offset * 1_000_000_000n),
  };
}

/** Returns the conversion to ns of times in units of 10^-n s, or of 2^-n s if the highest bit is set. */
function scaleOf(resolution: number): (timestamp: bigint) => bigint {
  const exponent = resolution & 0x7f;
  if (resolution & 0x80) return (timestamp) => (timestamp * 1_000_000_000n) >> BigInt(exponent);
  if (exponent <= 9) {
    const factor = 10n ** BigInt(9 - exponent);
    return (timestamp) => timestamp * factor;
  }
  const divisor = 10n ** BigInt(exponent - 9);
  return (timestamp) => timestamp / divisor;
}

function textOf(value: DataView): string {
  const text = new TextDecoder().decode(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  // Some writers end the text with NUL.
  return text.replace(/\0.*$/s, '');
}

/** Returns whether the options of a packet say that the capturing machine sent it. */
export function saysOutgoing(bytes: Uint8Array, little: boolean, position: number): boolean {
  let isOutgoing = false;
  forEachOption(bytes, little, position, (code, value) => {
    if (code === EPB_FLAGS && value.byteLength >= 4) isOutgoing = (value.getUint32(0, little) & DIRECTION) === OUTBOUND;
  });
  return isOutgoing;
}
