/** A WebSocket as raw bytes: frames that no client library would send. */
import type { Socket } from 'node:net';
import { open, upgradeText } from './raw-http.ts';

export interface FrameParts {
  readonly opcode?: number;
  readonly payload?: string | Uint8Array;
  readonly fin?: boolean;
  /** Bits RSV1 (4), RSV2 (2) and RSV3 (1). */
  readonly rsv?: number;
  readonly masked?: boolean;
  /** The length in the header, if it is not that of the payload. */
  readonly length?: bigint;
  /** Bytes that state the length, if not the fewest. */
  readonly lengthBytes?: 0 | 2 | 8;
}

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Builds a frame (RFC 6455 section 5.2). The mask is zero, so the payload is unchanged. */
export function frame(parts: FrameParts): Buffer {
  const { opcode = TEXT, payload = '', fin = true, rsv = 0, masked = true } = parts;
  const bytes = Buffer.from(payload as string);
  const length = parts.length ?? BigInt(bytes.length);
  const lengthBytes = parts.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  const head = Buffer.alloc(2 + lengthBytes + (masked ? 4 : 0));
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | { 0: Number(length), 2: 126, 8: 127 }[lengthBytes];
  if (lengthBytes === 2) head.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(length, 2);
  return Buffer.concat([head, bytes]);
}

export interface RawWebSocket {
  readonly socket: Socket;
  /** Resolves with the next text message; undefined: the connection is closed. */
  next(): Promise<string | undefined>;
  /** Resolves with the first message from now on that matches; undefined: the connection is closed. */
  nextLike(pattern: RegExp): Promise<string | undefined>;
  text(message: string): void;
  send(bytes: Uint8Array): void;
  readonly closed: Promise<void>;
  destroy(): void;
}

/** Opens a WebSocket; resolves when the server has switched protocols, and throws if it does not. */
export async function openWebSocket(
  port: number,
  request = upgradeText([`Host: localhost:${port}`]),
): Promise<RawWebSocket> {
  const socket = open(port);
  const messages: string[] = [];
  const waiting: ((message: string | undefined) => void)[] = [];
  let isClosed = false;
  const received = (message: string) => {
    const waiter = waiting.shift();
    if (waiter) waiter(message);
    else messages.push(message);
  };
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  void closed.then(() => {
    isClosed = true;
    for (const waiter of waiting.splice(0)) waiter(undefined);
  });
  const next = () =>
    new Promise<string | undefined>((resolve) => {
      const message = messages.shift();
      if (message !== undefined) resolve(message);
      else if (isClosed) resolve(undefined);
      else waiting.push(resolve);
    });
  socket.write(Buffer.from(request, 'latin1'));
  let input = await upgraded(socket);
  const read = (piece: Uint8Array) => {
    input = Buffer.concat([input, piece]);
    for (let taken = firstFrame(input); taken !== undefined; taken = firstFrame(input)) {
      input = input.subarray(taken.bytes);
      if (taken.opcode === TEXT) received(taken.payload);
      // The server may wait for the answer to its close.
      if (taken.opcode === CLOSE) socket.end(frame({ opcode: CLOSE }));
    }
  };
  socket.on('data', read);
  read(Buffer.alloc(0));
  return {
    socket,
    next,
    nextLike: async (pattern) => {
      for (;;) {
        const message = await next();
        if (message === undefined || pattern.test(message)) return message;
      }
    },
    text: (message) => void socket.write(frame({ payload: message })),
    send: (bytes) => void socket.write(bytes),
    closed,
    destroy: () => void socket.destroy(),
  };
}

/** Resolves with the bytes behind the 101. */
function upgraded(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const fail = () => reject(new Error(`no WebSocket: ${head.toString('latin1')}`));
    const read = (piece: Buffer) => {
      head = Buffer.concat([head, piece]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', read).off('close', fail);
      if (head.toString('latin1').startsWith('HTTP/1.1 101 ')) resolve(head.subarray(end + 4));
      else fail();
    };
    socket.on('data', read).once('close', fail);
  });
}

/** Returns the first frame of the server, which does not mask; undefined: it is not complete. */
function firstFrame(input: Buffer): { opcode: number; payload: string; bytes: number } | undefined {
  const [first, second] = input;
  if (first === undefined || second === undefined) return undefined;
  const head = { 126: 4, 127: 10 }[second] ?? 2;
  if (input.length < head) return undefined;
  const length = head === 10 ? Number(input.readBigUInt64BE(2)) : head === 4 ? input.readUInt16BE(2) : second;
  const bytes = head + length;
  if (input.length < bytes) return undefined;
  return { opcode: first & 15, payload: input.toString('utf8', head, bytes), bytes };
}
