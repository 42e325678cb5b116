/**
 * One person's connection to one node: events pass in both directions, with their acknowledgements. Rows that the person
 * does not read in time are withheld, and counted; what cannot be withheld is bounded by disconnecting the person.
 */
import type { Ledger } from '@packetlog/common';
import type { Socket as PersonSocket } from 'socket.io';
import type { Socket as NodeSocket } from 'socket.io-client';
import { RelayedRows } from './relayed-rows.ts';

/** Bytes that wait for the person: no rows are added to them. */
const MAX_ROWS_BYTES = 1024 * 1024;
/** With this many the person does not read, and is disconnected. An answer, such as all rules, may be as long. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Bytes of the person that wait for the node: it reads slowly when it gets too many requests. */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** Requests of the person that are not answered yet. */
const MAX_UNANSWERED = 256;

/** Sent again soon: a person who does not read can do without. */
const REPEATED: ReadonlySet<string> = new Set(['summary', 'ledger', 'rule_counters']);

export interface RelayParts {
  readonly person: PersonSocket;
  readonly node: NodeSocket;
  /** Name of the node. */
  readonly name: string;
  readonly warn: (problem: string) => void;
}

export class PersonRelay {
  readonly rows = new RelayedRows();
  readonly #parts: RelayParts;
  /** What the node sent before the person's connection was complete. */
  #early: [string, unknown[]][] | undefined = [];
  #unanswered = 0;
  #hasEnded = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    const { node, name } = parts;
    node.onAny((event: string, ...args: unknown[]) => {
      if (this.#early === undefined) this.#toPerson(event, args);
      else this.#early.push([event, args]);
    });
    node.on('disconnect', () => this.end(`The connection from the hub to ${name} ended. It is made again.`));
  }

  /** Call it when the person's connection is complete. */
  start(): void {
    const { person } = this.#parts;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [event, args] of early) this.#toPerson(event, args);
    person.onAny((event: string, ...args: unknown[]) => this.#toNode(event, args));
    person.on('disconnect', () => this.end(''));
    // The node went while the person came.
    if (this.#hasEnded) this.#close();
  }

  /** Ends both connections. `why`: a sentence for the person. */
  end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { person, node } = this.#parts;
    node.disconnect();
    if (why !== '') person.emit('notice', { at_ms: Date.now(), level: 'warning', code: 'relay_ended', message: why });
    if (this.#early === undefined) this.#close();
  }

  /** Not `disconnect`: after that a client of socket.io would not come back by itself. */
  #close(): void {
    this.#parts.person.conn.close();
  }

  #toPerson(event: string, args: unknown[]): void {
    if (this.#hasEnded) return;
    const { person, name, warn } = this.#parts;
    const waiting = waitingBytes(person);
    if (waiting > MAX_WAITING_BYTES) {
      warn('the person does not read');
      this.end(`${waiting} bytes waited to be read.`);
      return;
    }
    const isBehind = waiting > MAX_ROWS_BYTES;
    if (event === 'packets') {
      try {
        const batch = this.rows.pass(args[0] as Uint8Array, isBehind);
        if (batch !== undefined) person.emit('packets', batch);
      } catch {
        warn('the node sent a malformed batch');
        this.end(`${name} sent a malformed batch. Use the same version on hub and node.`);
      }
      return;
    }
    if (isBehind && REPEATED.has(event)) return;
    if (event === 'ledger') person.emit('ledger', { ...(args[0] as Ledger), hub: this.rows.ledger });
    else person.emit(event, ...args);
  }

  #toNode(event: string, given: unknown[]): void {
    if (this.#hasEnded) return;
    const { person, node, warn } = this.#parts;
    const last = given.at(-1);
    const answers = typeof last === 'function' ? (last as (...answer: unknown[]) => void) : undefined;
    const args = answers === undefined ? given : given.slice(0, -1);
    if (answers !== undefined && this.#unanswered >= MAX_UNANSWERED) {
      const message = `${MAX_UNANSWERED} requests wait for their answers. Wait for some of them.`;
      answers({ ok: false, error: { code: 'unavailable', message, retry_after_ms: 1000 } });
      return;
    }
    if (answers === undefined) node.emit(event, ...args);
    else {
      this.#unanswered++;
      node.emit(event, ...args, (...answer: unknown[]) => {
        this.#unanswered--;
        if (person.connected) answers(...answer);
      });
    }
    const buffered = (node.io.engine as unknown as { transport?: { ws?: { bufferedAmount?: number } } }).transport?.ws;
    if ((buffered?.bufferedAmount ?? 0) > MAX_REQUEST_BYTES) {
      warn('the person sends more than the node reads');
      this.end('Too many requests waited to be read. Send fewer.');
    }
  }
}

/** Returns the bytes that wait in this process for the person to read. */
function waitingBytes({ conn, request }: PersonSocket): number {
  // engine.io gives all that waits to the WebSocket at once; the rest of its queue came meanwhile.
  const { writeBuffer } = conn as unknown as { writeBuffer: readonly { data?: { length?: number } }[] };
  let bytes = request.socket.writableLength;
  for (const { data } of writeBuffer) bytes += data?.length ?? 0;
  return bytes;
}
