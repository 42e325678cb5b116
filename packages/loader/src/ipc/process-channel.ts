/**
 * Messages between the core and the server process, over one stream socket: a length of 4 bytes (little-endian), then
 * the message.
 */
import type { Duplex } from 'node:stream';
import { freeBytes } from '../free-bytes.ts';

const LENGTH_BYTES = 4;
/** A message of this size, such as the dashboard's files, is freed once it is sent, not when V8 next collects. */
const LARGE_BYTES = 1024 * 1024;
/** Period of `maxPerPeriod`, in ms. */
const PERIOD_MS = 50;

export interface Encoding<Sent, Received> {
  readonly encode: (message: Sent) => Uint8Array;
  /** Throws for bytes that are not a message. */
  readonly decode: (bytes: Buffer) => Received;
  /** Longest message that is accepted from the other side, in bytes. */
  readonly maxBytes: number;
  /** Messages that are handled in 50 ms; further ones wait in the socket. Undefined: all. */
  readonly maxPerPeriod?: number;
}

export interface ChannelEvents<Received> {
  readonly message: (message: Received) => void;
  /** Called once, when the other side has closed or has sent something that is not a message; `why` describes that. */
  readonly ended: (why: string) => void;
}

export class ProcessChannel<Sent, Received> {
  readonly #stream: Duplex;
  readonly #encoding: Encoding<Sent, Received>;
  readonly #events: ChannelEvents<Received>;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #hasEnded = false;
  /** Start of the period, by performance.now(), and the messages that were handled in it. */
  #periodStart = Number.NEGATIVE_INFINITY;
  #handled = 0;
  /** Handles the rest when the period is over; undefined: nothing waits. */
  #continuing: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, encoding: Encoding<Sent, Received>, events: ChannelEvents<Received>) {
    this.#stream = stream;
    this.#encoding = encoding;
    this.#events = events;
    stream.on('data', (piece: Buffer) => this.#received(piece));
    // ECONNRESET or EPIPE: it closed without reading everything.
    stream.on('error', () => this.#end('closed'));
    stream.on('close', () => this.#end('closed'));
  }

  send(message: Sent): void {
    if (this.#hasEnded) return;
    const body = this.#encoding.encode(message);
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32LE(body.byteLength);
    this.#stream.cork();
    this.#stream.write(length);
    this.#stream.write(body, () => {
      if (body.byteLength >= LARGE_BYTES) freeBytes(body);
    });
    this.#stream.uncork();
  }

  /** Bytes that the other side has not read yet, apart from those in the socket's buffer. */
  get queuedBytes(): number {
    return this.#stream.writableLength;
  }

  /** Closes the channel after everything was sent; `ended` is not called. */
  close(): void {
    this.#hasEnded = true;
    this.#stream.end();
  }

  /** Closes the channel now; `ended` is not called. */
  destroy(): void {
    this.#hasEnded = true;
    clearTimeout(this.#continuing);
    this.#stream.destroy();
  }

  #received(piece: Buffer): void {
    if (this.#hasEnded) return;
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
    if (this.#continuing === undefined) this.#handleMessages();
  }

  #handleMessages(): void {
    for (let body = this.#take(); body !== undefined; body = this.#take()) {
      let message: Received;
      try {
        message = this.#encoding.decode(body);
      } catch (error) {
        this.#end(`sent an invalid message: ${error instanceof Error ? error.message : String(error)}`);
        return;
      }
      this.#events.message(message);
      if (this.#hasEnded || this.#mustWait()) return;
    }
  }

  /** Counts a message; returns whether the next one has to wait for the next period. */
  #mustWait(): boolean {
    const now = performance.now();
    if (now - this.#periodStart >= PERIOD_MS) {
      this.#periodStart = now;
      this.#handled = 0;
    }
    this.#handled++;
    if (this.#handled < (this.#encoding.maxPerPeriod ?? Number.POSITIVE_INFINITY)) return false;
    this.#stream.pause();
    this.#continuing = setTimeout(() => {
      this.#continuing = undefined;
      this.#stream.resume();
      this.#handleMessages();
    }, PERIOD_MS);
    return true;
  }

  /** Removes and returns the next whole message; undefined if there is none yet. */
  #take(): Buffer | undefined {
    if (this.#bytes < LENGTH_BYTES || this.#hasEnded) return undefined;
    const [first] = this.#pieces;
    if (first === undefined) return undefined;
    if (first.byteLength < LENGTH_BYTES) this.#join();
    const length = this.#pieces[0]?.readUInt32LE() ?? 0;
    if (length > this.#encoding.maxBytes) {
      this.#end(`sent a message of ${length} bytes; the limit is ${this.#encoding.maxBytes}`);
      return undefined;
    }
    const whole = LENGTH_BYTES + length;
    if (this.#bytes < whole) return undefined;
    this.#join();
    const joined = this.#pieces[0] as Buffer;
    this.#pieces = joined.byteLength > whole ? [joined.subarray(whole)] : [];
    this.#bytes -= whole;
    return joined.subarray(LENGTH_BYTES, whole);
  }

  #join(): void {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
  }

  #end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#continuing);
    this.#stream.destroy();
    this.#events.ended(why);
  }
}
