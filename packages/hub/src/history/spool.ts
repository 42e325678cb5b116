/**
 * The hub's spool: blocks that nodes have shipped and that are not in ClickHouse yet. A block is on the disk before `add`
 * resolves. The numbers of a node's blocks are remembered after their blocks have left the spool.
 */
import { type FileHandle, open, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { makeDirectory, writeDurably } from '../state/durable-file.ts';
import { type BlockFacts, encodeFrame, type Frame, readFrames } from './spool-frame.ts';

/** Bytes of a file before the next one is begun: a file is deleted when all of its blocks are in ClickHouse. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MIN_FILE_BYTES = 1024 * 1024;
/** Files of a full spool. */
const FILES = 16;
/** Each takes about 400 bytes of memory. */
const MAX_BLOCKS = 250_000;
const FILE_NAME = /^(\d{8,15})\.spool$/;
const NODES_FILE = 'nodes.json';

export type Added =
  | { readonly kind: 'stored' }
  /** It was acknowledged before. */
  | { readonly kind: 'duplicate' }
  /** An earlier number is missing. */
  | { readonly kind: 'missing'; readonly next: number }
  | { readonly kind: 'full' };

export interface SpoolOptions {
  /** Created if it is missing; one process at a time. */
  readonly directory: string;
  readonly maxBytes: number;
  /** A file is damaged: these bytes of it are lost. */
  readonly damaged: (file: string, bytes: number) => void;
  /** The disk does not take a block: it is not acknowledged. */
  readonly failed: (error: Error) => void;
}

interface SpoolFile {
  readonly number: number;
  readonly path: string;
  /** Blocks that are not removed. */
  frames: Frame[];
  /** Where the next frame begins. */
  bytes: number;
}

/** Blocks at the beginning of the spool, all of one file. */
export interface SpoolPart {
  readonly file: number;
  readonly frames: readonly Frame[];
}

interface NodeStream {
  readonly stream: string;
  /** Highest number that was accepted. */
  last: number;
}

interface Waiting {
  readonly facts: BlockFacts;
  readonly frame: Buffer;
  readonly resolve: (isStored: boolean) => void;
}

const nodesSchema = z.record(z.string(), z.object({ stream: z.string(), last: z.int().check(z.nonnegative()) }));

export class Spool {
  readonly #options: SpoolOptions;
  readonly #fileBytes: number;
  readonly #files: SpoolFile[];
  readonly #nodes: Map<string, NodeStream>;
  /** Of each node the write that is under way. */
  readonly #writes = new Map<string, Promise<boolean>>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  /** Of the newest file; undefined: the next block begins another file. */
  #handle: FileHandle | undefined;
  #blocks: number;
  #bytes: number;
  #isClosed = false;

  private constructor(options: SpoolOptions, files: SpoolFile[], nodes: Map<string, NodeStream>) {
    this.#options = options;
    this.#fileBytes = Math.min(MAX_FILE_BYTES, Math.max(MIN_FILE_BYTES, options.maxBytes / FILES));
    this.#files = files;
    this.#nodes = nodes;
    this.#blocks = files.reduce((sum, { frames }) => sum + frames.length, 0);
    this.#bytes = files.reduce((sum, { frames }) => sum + bytesOf(frames), 0);
  }

  /** Reads what an earlier process left. `from`: blocks before it have left the spool. Throws the file system's error. */
  static async open(options: SpoolOptions, from: { readonly file: number; readonly offset: number }): Promise<Spool> {
    const { directory } = options;
    await makeDirectory(directory);
    const nodes = await readNodes(directory);
    const files: SpoolFile[] = [];
    for (const number of await numbersOf(directory)) {
      const path = join(directory, fileName(number));
      const bytes = await readFile(path);
      const { frames, end } = readFrames(bytes);
      if (end < bytes.length) {
        options.damaged(path, bytes.length - end);
        await truncate(path, end);
      }
      for (const { facts } of frames) nodes.set(facts.node, { stream: facts.stream, last: facts.sequence });
      const left = frames.filter(({ start }) => number > from.file || (number === from.file && start >= from.offset));
      files.push({ number, path, frames: left, bytes: end });
    }
    return new Spool(options, files, nodes);
  }

  get blocks(): number {
    return this.#blocks;
  }

  /** Of the blocks that are not removed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Rows of the table `packets` that are not removed. */
  get rows(): number {
    let rows = 0;
    for (const { frames } of this.#files) {
      for (const { facts } of frames) if (facts.table === 'packets') rows += facts.rows;
    }
    return rows;
  }

  /** Whether it takes no block of this size now. */
  isFull(bytes: number): boolean {
    return (
      this.#isClosed ||
      this.#bytes + this.#waitingBytes + bytes > this.#options.maxBytes ||
      this.#blocks + this.#waiting.length >= MAX_BLOCKS
    );
  }

  /** Resolves when the block is on the disk, or is not taken. Never rejects. */
  async add(facts: BlockFacts, body: Uint8Array): Promise<Added> {
    const { node, stream, sequence } = facts;
    // A node sends one block at a time: another one here repeats it because the answer was late.
    while (this.#writes.has(node)) await this.#writes.get(node);
    const known = this.#nodes.get(node);
    if (known?.stream === stream) {
      if (sequence <= known.last) return { kind: 'duplicate' };
      if (sequence > known.last + 1) return { kind: 'missing', next: known.last + 1 };
    } else if (sequence !== 1) return { kind: 'missing', next: 1 };
    const frame = encodeFrame(facts, body);
    if (this.isFull(frame.length)) return { kind: 'full' };
    const stored = new Promise<boolean>((resolve) => {
      this.#waiting.push({ facts, frame, resolve });
    });
    this.#waitingBytes += frame.length;
    this.#writes.set(node, stored);
    this.#writing ??= this.#write();
    const isStored = await stored;
    if (this.#writes.get(node) === stored) this.#writes.delete(node);
    return { kind: isStored ? 'stored' : 'full' };
  }

  /** Returns blocks from the beginning, as long as `fits` accepts them; the first one always. Undefined: it is empty. */
  first(fits: (facts: BlockFacts, bytes: number) => boolean): SpoolPart | undefined {
    const file = this.#files.find(({ frames }) => frames.length > 0);
    if (file === undefined) return undefined;
    let length = 0;
    for (const { facts, body, end } of file.frames) {
      if (!fits(facts, end - body) && length > 0) break;
      length++;
    }
    return { file: file.number, frames: file.frames.slice(0, length) };
  }

  /** Returns the blocks of a part up to `offset`, where a frame ends; undefined if they are not there. */
  upTo(number: number, offset: number): SpoolPart | undefined {
    const file = this.#files.find((each) => each.number === number);
    const frames = file?.frames.filter(({ end }) => end <= offset) ?? [];
    return frames.length === 0 ? undefined : { file: number, frames };
  }

  /** Reads the compressed blocks, in order. Throws the file system's error. */
  async read({ file, frames }: SpoolPart): Promise<Buffer[]> {
    const [first] = frames;
    const last = frames.at(-1);
    if (first === undefined || last === undefined) return [];
    await using handle = await open(join(this.#options.directory, fileName(file)), 'r');
    const bytes = Buffer.allocUnsafe(last.end - first.start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, first.start);
    if (bytesRead < bytes.length) throw new Error(`${fileName(file)} of the spool is shorter than before`);
    return frames.map(({ body, end }) => bytes.subarray(body - first.start, end - first.start));
  }

  /**
   * Removes the blocks of a part. The caller remembers `offset` on the disk before files are deleted: it calls `clean`
   * after that.
   */
  remove({ file, frames }: SpoolPart): void {
    const of = this.#files.find(({ number }) => number === file);
    if (of === undefined) return;
    const gone = new Set(frames);
    of.frames = of.frames.filter((frame) => !gone.has(frame));
    this.#blocks -= frames.length;
    this.#bytes -= bytesOf(frames);
  }

  /** Deletes files without blocks, apart from the one that is written. Throws the file system's error. */
  async clean(): Promise<void> {
    const empty = this.#files.slice(0, -1).filter(({ frames }) => frames.length === 0);
    if (empty.length === 0) return;
    await writeDurably(join(this.#options.directory, NODES_FILE), JSON.stringify(Object.fromEntries(this.#nodes)));
    for (const file of empty) {
      await rm(file.path, { force: true });
      this.#files.splice(this.#files.indexOf(file), 1);
    }
  }

  /** Resolves when all blocks that were added are on the disk; takes no further ones. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Writes what waits, all with one fdatasync, until nothing waits. */
  async #write(): Promise<void> {
    // Blocks that come in the same turn of the event loop are written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      const isStored = await this.#append(batch).then(
        () => true,
        (error: Error) => {
          this.#options.failed(error);
          return false;
        },
      );
      for (const { resolve } of batch) resolve(isStored);
    }
    this.#writing = undefined;
  }

  async #append(batch: readonly Waiting[]): Promise<void> {
    const { file, handle } = await this.#newest();
    const bytes = Buffer.concat(batch.map(({ frame }) => frame));
    try {
      await writeWhole(handle, bytes, file.bytes);
      await handle.datasync();
    } catch (error) {
      await this.#abandon(file);
      throw error;
    }
    let at = file.bytes;
    for (const { facts, frame } of batch) {
      const end = at + frame.length;
      file.frames.push({ facts, start: at, body: end - bodyBytes(frame), end });
      at = end;
      this.#nodes.set(facts.node, { stream: facts.stream, last: facts.sequence });
    }
    file.bytes = at;
    this.#blocks += batch.length;
    this.#bytes += bytes.length;
  }

  /** Returns the file to write to; begins another one if the newest is large. */
  async #newest(): Promise<{ file: SpoolFile; handle: FileHandle }> {
    const newest = this.#files.at(-1);
    if (newest !== undefined && this.#handle !== undefined && newest.bytes < this.#fileBytes)
      return { file: newest, handle: this.#handle };
    await this.#handle?.close();
    this.#handle = undefined;
    const number = (newest?.number ?? 0) + 1;
    const path = join(this.#options.directory, fileName(number));
    const handle = await open(path, 'wx', 0o600);
    const file: SpoolFile = { number, path, frames: [], bytes: 0 };
    await using directory = await open(this.#options.directory, 'r');
    await directory.sync();
    this.#files.push(file);
    this.#handle = handle;
    return { file, handle };
  }

  /** After an error of fdatasync the kernel may have forgotten what it could not write: another file is begun. */
  async #abandon(file: SpoolFile): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.truncate(file.bytes).catch(() => {});
    await handle?.close().catch(() => {});
  }
}

function fileName(number: number): string {
  return `${String(number).padStart(8, '0')}.spool`;
}

async function numbersOf(directory: string): Promise<number[]> {
  const numbers = (await readdir(directory)).map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0));
  return numbers.filter((number) => number > 0).sort((one, other) => one - other);
}

async function readNodes(directory: string): Promise<Map<string, NodeStream>> {
  let text: string;
  try {
    text = await readFile(join(directory, NODES_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  return new Map(Object.entries(nodesSchema.parse(JSON.parse(text))));
}

function bytesOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, { start, end }) => sum + (end - start), 0);
}

function bodyBytes(frame: Buffer): number {
  return frame.readUInt32LE(8);
}

async function writeWhole(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
