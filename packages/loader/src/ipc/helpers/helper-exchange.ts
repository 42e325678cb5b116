/** Asks a helper and waits for its answer: for work that is synchronous, as the file system's calls are. */
import { readSync, writeSync } from 'node:fs';
import type { HelperPipes } from './handover.ts';

const LINE_FEED = 0x0a;

export class HelperExchange {
  readonly #pipes: HelperPipes;

  constructor(pipes: HelperPipes) {
    this.#pipes = pipes;
  }

  /** Sends a line, and `body` after it. Returns the answer's line. Throws if the helper has ended. */
  ask(request: string, body: Uint8Array = new Uint8Array(0)): string {
    const bytes = Buffer.concat([Buffer.from(`${request}\n`), body]);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#pipes.requests, bytes, at);
    const line: number[] = [];
    for (;;) {
      const [byte = LINE_FEED] = this.receive(1);
      if (byte === LINE_FEED) return Buffer.from(line).toString('utf8');
      line.push(byte);
    }
  }

  /** Returns the next bytes of the answer. Throws if the helper has ended. */
  receive(length: number): Buffer<ArrayBuffer> {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; ) {
      const read = readSync(this.#pipes.answers, bytes, at, length - at, null);
      if (read === 0) throw new Error('its helper has ended');
      at += read;
    }
    return bytes;
  }
}
