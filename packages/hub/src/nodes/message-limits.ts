/** Limits what a node may send: size and number of its messages. A node that exceeds them is disconnected. */
import { MAX_REPORT_BYTES } from '@packetlog/common/fleet';

/** Messages of a node at once, and per second: reports, and changes of its rules. */
const AT_ONCE = 30;
const PER_SECOND = 3;

/** Packet types of socket.io protocol 5. */
const EVENT = '2';
const DISCONNECT = '1';
const ANSWERS: ReadonlySet<string> = new Set(['3', '6']);

export class MessageLimits {
  readonly #now: () => number;
  #left = AT_ONCE;
  #refilledAtMs: number;

  /** `now` returns milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#refilledAtMs = now();
  }

  /**
   * Takes each message of the connection; `isAsked`: an answer of the node is expected, which may be large. Returns why
   * the node must be disconnected, undefined if it may go on.
   */
  problemOf(data: unknown, isAsked: boolean): string | undefined {
    if (typeof data !== 'string') return isAsked ? undefined : 'sent binary data that the hub did not ask for';
    const type = data[0] ?? '';
    if (isAsked && ANSWERS.has(type)) return undefined;
    if (data.length > MAX_REPORT_BYTES) return `sent a message of more than ${MAX_REPORT_BYTES} bytes`;
    // An answer that came too late.
    if (ANSWERS.has(type) || type === DISCONNECT) return undefined;
    if (type !== EVENT) return 'sent what is no message of the protocol';
    return this.#take() ? undefined : `sent more than ${PER_SECOND} messages per second`;
  }

  #take(): boolean {
    const now = this.#now();
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#refilledAtMs) / 1000) * PER_SECOND);
    this.#refilledAtMs = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
