/**
 * Messages as WebSocket frames, so that what many clients get is encoded once.
 *
 * engine.io sends a ready frame unchanged (`wsPreEncodedFrame`, which socket.io's own broadcast uses for texts). A
 * batch is two frames back to back, in two pieces of memory and one write:
 *
 * ```
 *  ├─ socket.io's text ─┼─ frame header ─┼─ batch header, 64 bytes ─┤  ├─ records ─┤
 *  └──────────────── each client's own ──────────────────────────────┘  └─ shared ──┘
 * ```
 * A few records are copied after each head instead: for ws and Node.js one piece is cheaper than two.
 */
import {
  BATCH_HEADER_SIZE,
  type BatchCounters,
  type ServerToClientEvents,
  writeBatchCounters,
  writeBatchHeader,
} from '@packetlog/common';
import type { Socket } from 'socket.io';
import type { PooledBuffer } from './buffer-pool.ts';

type Connection = Socket['conn'];

/** A message to a client; its bytes must no longer change. */
export interface Message {
  /** Returns the frames as sent over the wire, in one or two pieces. */
  readonly encode: () => readonly Buffer[];
  /** The same for an engine.io that does not accept ready frames. */
  readonly plain: () => readonly (string | Buffer)[];
  readonly bytes: number;
  /** Memory of the pieces, to release once they are sent. */
  readonly pooled?: PooledBuffer | undefined;
}

/** Up to this many bytes of records are copied for each client. */
const COPIED_BYTES = 512;
const FINAL = 0x80;
const TEXT = 1;
const BINARY = 2;
/** engine.io's type "message", which engine.io itself puts in front of a text. */
const MESSAGE = '4';
/** socket.io's packet types, in its default namespace. */
const EVENT = '2';
const BINARY_EVENT_WITH_ONE_ATTACHMENT = '51-';

const PACKETS = `${BINARY_EVENT_WITH_ONE_ATTACHMENT}["packets",{"_placeholder":true,"num":0}]`;
const PACKETS_FRAME = textFrame(PACKETS);

/** Builds an event; `payload` is already JSON. */
export function eventMessage(event: keyof ServerToClientEvents, payload: string): Message {
  const text = `${EVENT}["${event}",${payload}]`;
  const frame = textFrame(text);
  const pieces = [frame];
  return { encode: () => pieces, plain: () => [text], bytes: frame.byteLength };
}

/** A message that `build` builds when it is written. `bytes`: about its size, which the send queue counts. */
export function laterMessage(build: () => Message, bytes: number): Message {
  return { encode: () => build().encode(), plain: () => build().plain(), bytes };
}

/** Joins both messages into one, for a single write. */
export function concat(first: Message, second: Message): Message {
  return {
    encode: () => [...first.encode(), ...second.encode()],
    plain: () => [...first.plain(), ...second.plain()],
    bytes: first.bytes + second.bytes,
  };
}

/** Rows that several clients receive. */
export interface RowBatch {
  readonly count: number;
  readonly records: Buffer;
  /** Bytes in front of the records; the counters are filled in for each client. */
  readonly head: Buffer;
  /** The memory of `records`; undefined: the garbage collector frees it. */
  readonly pooled: PooledBuffer | undefined;
}

export interface RecordLayout {
  readonly stride: number;
  readonly recordOffset: number;
}

/** `pooled`: the memory of `records`, if it is to be reused. */
export function rowBatch(
  records: Buffer,
  layout: RecordLayout,
  clockOffsetNs: bigint,
  pooled?: PooledBuffer,
): RowBatch {
  const { stride, recordOffset } = layout;
  const count = records.byteLength / stride;
  const frame = frameHeader(BINARY, BATCH_HEADER_SIZE + records.byteLength);
  const headerAt = PACKETS_FRAME.byteLength + frame.byteLength;
  const head = Buffer.allocUnsafe(headerAt + BATCH_HEADER_SIZE);
  head.set(PACKETS_FRAME);
  head.set(frame, PACKETS_FRAME.byteLength);
  writeBatchHeader(head.subarray(headerAt), {
    sequence: 0,
    offered: 0,
    dropped: 0,
    withheld: 0,
    filtered: 0,
    clock_offset_ns: clockOffsetNs,
    count,
    stride,
    recordOffset,
  });
  return { count, records, head, pooled };
}

/**
 * Builds the batch for one client. It retains the memory of the records until it is sent, and is encoded when it is
 * written: what waits takes little memory, and what is encoded is garbage at once, not after it has grown old.
 */
export function batchMessage({ head: template, records, pooled }: RowBatch, counters: BatchCounters): Message {
  pooled?.retain();
  const copied = records.byteLength <= COPIED_BYTES;
  const headerAt = template.byteLength - BATCH_HEADER_SIZE;
  const encode = (): readonly Buffer[] => {
    const head = Buffer.allocUnsafe(template.byteLength + (copied ? records.byteLength : 0));
    head.set(template);
    writeBatchCounters(head, headerAt, counters);
    if (!copied) return [head, records];
    head.set(records, template.byteLength);
    return [head];
  };
  return {
    encode,
    plain: () => [PACKETS, Buffer.concat(encode()).subarray(headerAt)],
    bytes: template.byteLength + records.byteLength,
    pooled,
  };
}

/** Send options of a message with ready frames. */
class FrameOptions {
  compress = false;
  readonly #connection: Connection;
  readonly #pieces: readonly Buffer[];

  constructor(connection: Connection, pieces: readonly Buffer[]) {
    this.#connection = connection;
    this.#pieces = pieces;
  }

  /** Read when the message is sent. Without it engine.io asks ws to send, which fails, and that ends the connection. */
  get wsPreEncodedFrame(): readonly Buffer[] | undefined {
    return isClosing(this.#connection) ? undefined : this.#pieces;
  }
}

/**
 * Passes a message to engine.io. `sent` is called when the kernel has all of it, and never if the connection ends
 * before.
 */
export function write(connection: Connection, message: Message, sent: () => void): void {
  if (takesFrames(connection)) {
    connection.write('', new FrameOptions(connection, message.encode()), sent);
    return;
  }
  const parts = message.plain();
  parts.forEach((part, i) => {
    connection.write(part, { compress: false }, i + 1 === parts.length ? sent : undefined);
  });
}

interface FrameTransport {
  readonly socket?: { readonly readyState: number };
  _canSendPreEncodedFrame?: (packet: { options: { wsPreEncodedFrame: readonly Buffer[] } }) => boolean;
}

const PROBE = { options: { wsPreEncodedFrame: [] } };

/** engine.io has no public API for this. Without ready frames every message costs more; nothing else changes. */
function takesFrames({ transport }: Connection): boolean {
  return (transport as unknown as FrameTransport)._canSendPreEncodedFrame?.(PROBE) === true;
}

const OPEN = 1;

/**
 * A closing frame was sent or received: nothing may follow it (RFC 6455 section 5.5.1), and ready frames bypass the
 * check in ws.
 */
function isClosing({ transport }: Connection): boolean {
  return ((transport as unknown as FrameTransport).socket?.readyState ?? OPEN) !== OPEN;
}

function textFrame(text: string): Buffer {
  const payload = Buffer.from(MESSAGE + text);
  return Buffer.concat([frameHeader(TEXT, payload.byteLength), payload]);
}

/** RFC 6455 section 5.2; a server does not mask. */
function frameHeader(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([FINAL | opcode, length]);
  if (length < 0x1_0000) return Buffer.from([FINAL | opcode, 126, length >> 8, length & 0xff]);
  const header = Buffer.from([FINAL | opcode, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 6);
  return header;
}
