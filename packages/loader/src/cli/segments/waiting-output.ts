/** Writes chunks one after the other, and waits for the output: a directory of segments does not run away. */
import type { Writable } from 'node:stream';
import { closed, READER_GONE } from '../process/record-output.ts';

export class WaitingOutput {
  readonly #output: Writable;
  readonly #onClosed: Promise<void>;
  #error: NodeJS.ErrnoException | undefined;

  constructor(output: Writable) {
    this.#output = output;
    this.#onClosed = new Promise((resolve) => {
      output.on('error', (error: NodeJS.ErrnoException) => {
        this.#error ??= error;
        resolve();
      });
    });
  }

  /** The error of a failed write. A reader that has exited, such as `head`, is not a failure. */
  get error(): Error | undefined {
    return this.#error !== undefined && READER_GONE.has(this.#error.code ?? '') ? undefined : this.#error;
  }

  /** Resolves when the output has taken the chunk, with false if it takes no more. */
  async write(chunk: string | Uint8Array): Promise<boolean> {
    if (this.#error !== undefined) return false;
    if (chunk.length > 0) {
      await Promise.race([this.#written(chunk), this.#onClosed]);
    }
    return this.#error === undefined;
  }

  /** The callback comes before the event `error`, and this object must know the error when it resolves. */
  #written(chunk: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#output.write(chunk, (error) => {
        if (error) this.#error ??= error;
        resolve();
      });
    });
  }

  /** Closes a file. */
  async end(): Promise<void> {
    if (this.#error === undefined) await closed(this.#output);
  }
}
