/** Writes pcap and pcapng files: what the parsers must read back. */

export interface WrittenFrame {
  readonly bytes: Uint8Array;
  /** Length on the wire; default: that of `bytes`. */
  readonly length?: number;
  readonly timestampNs: bigint;
}

export interface Pcap {
  readonly little: boolean;
  readonly nanoseconds: boolean;
  readonly linkType?: number;
}

/** Bytes of the given fields: numbers are u32, [n] is u16. */
export function fields(little: boolean, ...values: (number | [number] | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    values.map((value) => {
      if (value instanceof Uint8Array) return value;
      const bytes = Buffer.alloc(Array.isArray(value) ? 2 : 4);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      if (Array.isArray(value)) view.setUint16(0, value[0], little);
      else view.setUint32(0, value, little);
      return bytes;
    }),
  );
}

export function pcapFile({ little, nanoseconds, linkType = 1 }: Pcap, frames: readonly WrittenFrame[]): Uint8Array {
  const unit = nanoseconds ? 1n : 1000n;
  const head = fields(little, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, [2], [4], 0, 0, 65_535, linkType);
  return Buffer.concat([
    head,
    ...frames.map(({ bytes, length = bytes.length, timestampNs }) => {
      const seconds = Number(timestampNs / 1_000_000_000n);
      return fields(little, seconds, Number((timestampNs % 1_000_000_000n) / unit), bytes.length, length, bytes);
    }),
  ]);
}

const pad = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

export function option(little: boolean, code: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([fields(little, [code], [value.length]), pad(value)]);
}

export function block(little: boolean, type: number, body: Uint8Array): Uint8Array {
  const total = body.length + 12;
  return fields(little, type, total, body, total);
}

export const section = (little: boolean) =>
  block(little, 0x0a0d0d0a, fields(little, 0x1a2b3c4d, [1], [0], 0xffffffff, 0xffffffff));

export interface WrittenInterface {
  readonly linkType?: number;
  readonly name?: string;
  /** if_tsresol; absent: microseconds. */
  readonly resolution?: number;
  /** if_tsoffset, in seconds. */
  readonly offset?: bigint;
}

export function interfaceBlock(little: boolean, of: WrittenInterface = {}): Uint8Array {
  const offset = Buffer.alloc(8);
  if (little) offset.writeBigInt64LE(of.offset ?? 0n);
  else offset.writeBigInt64BE(of.offset ?? 0n);
  return block(
    little,
    1,
    Buffer.concat([
      fields(little, [of.linkType ?? 1], [0], 0),
      ...(of.name === undefined ? [] : [option(little, 2, Buffer.from(of.name))]),
      ...(of.resolution === undefined ? [] : [option(little, 9, Uint8Array.of(of.resolution))]),
      ...(of.offset === undefined ? [] : [option(little, 14, offset)]),
      option(little, 0, new Uint8Array(0)),
    ]),
  );
}

/** `timestamp`: in the unit of the interface. */
export function packetBlock(
  little: boolean,
  index: number,
  timestamp: bigint,
  bytes: Uint8Array,
  { length = bytes.length, flags }: { length?: number; flags?: number } = {},
): Uint8Array {
  const high = Number(timestamp >> 32n);
  const low = Number(timestamp & 0xffffffffn);
  const options = flags === undefined ? [] : [option(little, 2, fields(little, flags)), fields(little, 0)];
  return block(
    little,
    6,
    Buffer.concat([fields(little, index, high, low, bytes.length, length), pad(bytes), ...options]),
  );
}

export const simplePacketBlock = (little: boolean, bytes: Uint8Array) =>
  block(little, 3, Buffer.concat([fields(little, bytes.length), pad(bytes)]));
