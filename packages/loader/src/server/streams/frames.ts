/**
 * Messages as they lie on a WebSocket, so that what many clients get is encoded once.
 *
 * engine.io sends a frame that is ready as it is (`wsPreEncodedFrame`, with which socket.io's own broadcast does the
 * same for texts). A batch is two frames back to back, and two pieces of memory in one write:
 *
 * ```
 *  ├─ socket.io's text ─┼─ frame header ─┼─ batch header, 64 bytes ─┤  ├─ records ─┤
 *  └──────────────── each client's own ──────────────────────────────┘  └─ shared ──┘
 * ```
 * A few records are copied behind each head instead: one piece costs ws and Node less than two.
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

/** What a client is sent; bytes must not change any more. */
export interface Message {
  /** Frames as they go over the wire, in one or two pieces. */
  readonly pieces: readonly Buffer[];
  /** The same for an engine.io that takes no ready frames. */
  readonly plain: () => readonly (string | Buffer)[];
  readonly bytes: number;
  /** Memory of the pieces that is to be given back when they were sent. */
  readonly pooled?: PooledBuffer | undefined;
}

/** So much of records, or less, is copied for each client. */
const COPIED_BYTES = 512;
const FINAL = 0x80;
const TEXT = 1;
const BINARY = 2;
/** engine.io's type "message", which it puts in front of a text itself. */
const MESSAGE = '4';
/** socket.io's types, in its default namespace. */
const EVENT = '2';
const BINARY_EVENT_WITH_ONE_ATTACHMENT = '51-';

const PACKETS = `${BINARY_EVENT_WITH_ONE_ATTACHMENT}["packets",{"_placeholder":true,"num":0}]`;
const PACKETS_FRAME = textFrame(PACKETS);

/** An event with `payload`, which is JSON already. */
export function eventMessage(event: keyof ServerToClientEvents, payload: string): Message {
  const text = `${EVENT}["${event}",${payload}]`;
  const frame = textFrame(text);
  return { pieces: [frame], plain: () => [text], bytes: frame.byteLength };
}

/** One message for both, in one write. */
export function together(first: Message, second: Message): Message {
  return {
    pieces: [...first.pieces, ...second.pieces],
    plain: () => [...first.plain(), ...second.plain()],
    bytes: first.bytes + second.bytes,
  };
}

/** Rows that several clients get. */
export interface RowBatch {
  readonly count: number;
  readonly records: Buffer;
  /** What stands in front of them, with counters that are still to be written. */
  readonly head: Buffer;
  /** The memory of `records`; undefined: it is left to the collector. */
  readonly pooled: PooledBuffer | undefined;
}

export interface RecordLayout {
  readonly stride: number;
  readonly recordOffset: number;
}

/** `pooled`: the memory of `records`, if it is to be used again. */
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

/** The batch for one client, which uses its memory until it was sent, if it is large. */
export function batchMessage({ head: template, records, pooled }: RowBatch, counters: BatchCounters): Message {
  const copied = records.byteLength <= COPIED_BYTES;
  const head = Buffer.allocUnsafe(template.byteLength + (copied ? records.byteLength : 0));
  head.set(template);
  const headerAt = template.byteLength - BATCH_HEADER_SIZE;
  writeBatchCounters(head, headerAt, counters);
  if (copied) {
    head.set(records, template.byteLength);
    return { pieces: [head], plain: () => [PACKETS, head.subarray(headerAt)], bytes: head.byteLength };
  }
  pooled?.share();
  return {
    pieces: [head, records],
    plain: () => [PACKETS, Buffer.concat([head.subarray(headerAt), records])],
    bytes: head.byteLength + records.byteLength,
    pooled,
  };
}

/** What engine.io is told about a message with ready frames. */
class FrameOptions {
  compress = false;
  readonly #connection: Connection;
  readonly #pieces: readonly Buffer[];

  constructor(connection: Connection, pieces: readonly Buffer[]) {
    this.#connection = connection;
    this.#pieces = pieces;
  }

  /** Asked for when it goes out. Without it engine.io asks ws to send, which refuses, and that ends the connection. */
  get wsPreEncodedFrame(): readonly Buffer[] | undefined {
    return isClosing(this.#connection) ? undefined : this.#pieces;
  }
}

/** Hands a message to engine.io; `sent` is called when the kernel has all of it, never if the connection ends before. */
export function write(connection: Connection, message: Message, sent: () => void): void {
  if (takesFrames(connection)) {
    connection.write('', new FrameOptions(connection, message.pieces), sent);
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

const QUESTION = { options: { wsPreEncodedFrame: [] } };

/** engine.io has no public word for it. Without it every message costs more, and nothing else changes. */
function takesFrames({ transport }: Connection): boolean {
  return (transport as unknown as FrameTransport)._canSendPreEncodedFrame?.(QUESTION) === true;
}

const OPEN = 1;

/** A closing frame has come or gone: nothing may follow it (RFC 6455 section 5.5.1), and ready frames pass by who knows. */
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
