/** Two pipes as one stream: one to read from, one to write to. */
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class PipePair extends Duplex {
  readonly #in: Socket;
  readonly #out: Socket;

  /** Takes over both descriptors. */
  constructor(input: number, output: number) {
    super({ allowHalfOpen: false });
    this.#in = new Socket({ fd: input, readable: true, writable: false });
    this.#out = new Socket({ fd: output, readable: false, writable: true });
    this.#in.on('data', (bytes) => {
      if (!this.push(bytes)) this.#in.pause();
    });
    this.#in.on('end', () => this.push(null));
    // After the other side has closed, nothing more can be written either.
    this.on('end', () => this.destroy());
    for (const pipe of [this.#in, this.#out]) pipe.on('error', (error) => this.destroy(error));
  }

  override _read(): void {
    this.#in.resume();
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#out.write(bytes, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#out.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#in.destroy();
    this.#out.destroy();
    done(error);
  }
}
