/** Reads frames from the bytes of a capture file, as they arrive: pcap or pcapng. */
import { ByteQueue } from './byte-queue.ts';
import { type CapturedFrame, CaptureFileError, type FrameParser } from './captured-frame.ts';
import { PCAP_FILE_HEADER, PcapParser } from './pcap-parser.ts';
import { PcapngParser } from './pcapng-parser.ts';

/** First bytes of compressed files that are not read, as little-endian u32. */
const COMPRESSED = new Map([
  [0xfd2fb528, 'zstd'],
  [0x587a37fd, 'xz'],
]);

export class CaptureReader {
  readonly #queue = new ByteQueue();
  #parser: FrameParser | undefined;

  add(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Returns the next frame; undefined: it needs more bytes. Throws CaptureFileError. */
  next(): CapturedFrame | undefined {
    this.#parser ??= this.#chooseParser();
    return this.#parser?.next();
  }

  /** Call after the last byte and the last frame. Throws CaptureFileError if the file ends too early. */
  end(): void {
    const { length, isSkipping, position } = this.#queue;
    if (this.#parser === undefined && length === 0) throw new CaptureFileError('the file is empty');
    if (length > 0 || isSkipping) {
      throw new CaptureFileError(`the file ends in the middle of a frame or block, which begins at byte ${position}`);
    }
  }

  #chooseParser(): FrameParser | undefined {
    const queue = this.#queue;
    if (queue.length < 4) return undefined;
    if (PcapngParser.recognizes(queue)) return new PcapngParser(queue);
    if (PcapParser.recognizes(queue)) return queue.length < PCAP_FILE_HEADER ? undefined : new PcapParser(queue);
    const magic = queue.u32(0, true);
    const compression = COMPRESSED.get(magic) ?? (magic % 0x1000000 === 0x685a42 ? 'bzip2' : undefined);
    if (compression !== undefined)
      throw new CaptureFileError(`the file is compressed with ${compression}; decompress it first`);
    throw new CaptureFileError('the file is neither pcap nor pcapng');
  }
}
