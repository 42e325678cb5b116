import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { numberedRecord, recordNumber } from '../../../test/support/fake-ring.ts';
import { AFTER_SLABS_BYTES, decodeMark, MARK_BYTES, type RowMark } from '../../ipc/row-marks.ts';
import { SLAB_BYTES } from '../../ipc/slabs.ts';
import { ServerRows } from './server-rows.ts';
import { ServerSlabs } from './server-slabs.ts';

const STRIDE = 72;
const OFFSET = 8;
const SLABS = 3;
const PER_SLAB = Math.floor(SLAB_BYTES / STRIDE);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-rows-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A real pipe: one descriptor for both ends, which does not block. */
function pipe(name: string): number {
  const path = join(directory, name);
  execFileSync('mkfifo', [path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

function read(fd: number, into: Uint8Array): number {
  try {
    return readSync(fd, into);
  } catch {
    return 0;
  }
}

function rows({ simulateLoss = 0, slabCount = SLABS } = {}) {
  const memory = Buffer.alloc(slabCount * SLAB_BYTES + AFTER_SLABS_BYTES);
  const slabs = new ServerSlabs(memory);
  const ends = { marks: pipe('marks'), released: pipe('released') };
  let blocked = 0;
  let reads = 0;
  const it = new ServerRows({
    slabs,
    stride: STRIDE,
    recordOffset: OFFSET,
    simulateLoss,
    now: () => 0,
    read: (fd, into) => {
      reads++;
      return read(fd, into);
    },
    close: closeSync,
    blocked: () => blocked++,
  });
  it.connect(ends);
  let next = 0;
  return {
    it,
    ends,
    /** Number of bytes in the pipe of marks, as the server sees it. */
    marked: () => memory.readUInt32LE(slabCount * SLAB_BYTES),
    blocked: () => blocked,
    reads: () => reads,
    add: (count: number) => {
      const bytes = new Uint8Array(count * STRIDE);
      for (let i = 0; i < count; i++) bytes.set(numberedRecord(next++), i * STRIDE + OFFSET);
      it.add(bytes, 0, count);
    },
    marks: (): RowMark[] => {
      const bytes = new Uint8Array(100 * MARK_BYTES);
      const length = read(ends.marks, bytes);
      return Array.from({ length: length / MARK_BYTES }, (_, i) => decodeMark(bytes, i * MARK_BYTES));
    },
    numbers: (slab: number, count: number) =>
      Array.from({ length: count }, (_, i) =>
        recordNumber(
          new Uint8Array(
            memory.subarray(slab * SLAB_BYTES + i * STRIDE + OFFSET, slab * SLAB_BYTES + (i + 1) * STRIDE),
          ),
        ),
      ),
    release: (...slabNumbers: number[]) =>
      writeSync(ends.released, new Uint8Array(Uint32Array.from(slabNumbers).buffer)),
  };
}

describe('rows for the server', () => {
  it('pass between marks, in order; none pass before they are wanted', () => {
    const { it: over, add, marks, numbers } = rows();
    add(2);
    over.want(Number.POSITIVE_INFINITY);
    add(3);
    over.flush(true);
    over.clock(5n);
    expect(over.report()).toBe(1);
    over.end();
    expect(marks()).toEqual([
      { kind: 'skipped', skipped: 2 },
      { kind: 'rowsWanted', skipped: 0 },
      { kind: 'rows', slab: 0, count: 3, skipped: 0 },
      { kind: 'clock', offsetNs: 5n },
      { kind: 'report', number: 1 },
      { kind: 'end' },
    ]);
    expect(numbers(0, 3)).toEqual([2, 3, 4]);
    expect(over.counts).toEqual({ offered: 5, delivered: 3, dropped: 0, withheld: 2 });
    over.disconnect();
  });

  it('are lost on purpose at the start, as --simulate-loss requests', () => {
    const { it: over, add, numbers } = rows({ simulateLoss: 2 });
    over.want(Number.POSITIVE_INFINITY);
    add(1);
    add(3);
    over.flush(true);
    expect(over.counts).toEqual({ offered: 4, delivered: 2, dropped: 2, withheld: 0 });
    expect(numbers(0, 2)).toEqual([2, 3]);
    over.disconnect();
  });

  it('use a slab again once the server has released it, and are lost while it holds all of them', () => {
    const { it: over, add, marks, release } = rows();
    over.want(Number.POSITIVE_INFINITY);
    for (let i = 0; i < SLABS; i++) add(PER_SLAB);
    over.flush(true);
    add(10);
    over.flush(true);
    expect(over.counts).toMatchObject({ delivered: SLABS * PER_SLAB, dropped: 10 });
    release(1);
    add(4);
    over.flush(true);
    expect(marks().filter(({ kind }) => kind === 'rows')).toHaveLength(SLABS + 1);
    expect(over.counts).toEqual({
      offered: SLABS * PER_SLAB + 14,
      delivered: SLABS * PER_SLAB + 4,
      dropped: 10,
      withheld: 0,
    });
    over.disconnect();
  });

  it('pass at once while the server holds few slabs, and gather in one slab while it holds more', () => {
    const { it: over, add, marks, reads, release } = rows({ slabCount: 8 });
    const counts = () => marks().flatMap((mark) => (mark.kind === 'rows' ? [mark.count] : []));
    const addEach = (times: number) => {
      for (let i = 0; i < times; i++) {
        add(1);
        over.flush(false);
      }
    };
    over.want(Number.POSITIVE_INFINITY);
    addEach(4);
    expect(counts()).toEqual([1, 1, 1, 1]);
    expect(reads()).toBe(0);
    addEach(3);
    expect(counts()).toEqual([]);
    release(0, 1, 2, 3);
    addEach(4);
    expect(counts()).toEqual([4, 1, 1, 1]);
    expect(reads()).toBe(4);
    over.disconnect();
  });

  it('are announced beside the slabs, from 0 for each server', () => {
    const { it, ends, add, marks, marked } = rows();
    it.want(Number.POSITIVE_INFINITY);
    add(1);
    it.flush(false);
    expect(marked()).toBe(marks().length * MARK_BYTES);
    expect(marked()).toBeGreaterThan(0);
    it.disconnect();
    it.connect({ ...ends, marks: pipe('marks of the next'), released: pipe('released of the next') });
    expect(marked()).toBe(0);
  });

  it('ignore released numbers that are none of its slabs, in any pieces', () => {
    const { it: over, add, ends, release } = rows();
    over.want(Number.POSITIVE_INFINITY);
    for (let i = 0; i < SLABS; i++) add(PER_SLAB);
    over.flush(true);
    release(7, 0xffff_ffff, SLABS);
    writeSync(ends.released, Buffer.from([1, 0]));
    add(1);
    expect(over.counts.dropped).toBe(1);
    writeSync(ends.released, Buffer.from([0, 0]));
    add(1);
    over.flush(true);
    expect(over.counts.dropped).toBe(1);
    over.disconnect();
  });

  it('that a server had not read when it ended count as lost; a new one gets rows again', () => {
    const { it: over, add, release } = rows();
    over.want(Number.POSITIVE_INFINITY);
    add(5);
    over.flush(true);
    release(0);
    add(7);
    over.flush(true);
    add(2);
    over.disconnect();
    add(3);
    expect(over.pending).toBe(0);
    // The slab of the first five was released; the drain thread had not read that yet.
    expect(over.counts).toEqual({ offered: 17, delivered: 5, dropped: 9, withheld: 3 });
    const { delivered } = over.counts;
    const ends = { marks: pipe('marks2'), released: pipe('released2') };
    over.connect(ends);
    over.want(Number.POSITIVE_INFINITY);
    add(1);
    over.flush(true);
    expect(over.counts.delivered).toBe(delivered + 1);
    over.disconnect();
  });

  it('report a server that does not read its marks, and lose only rows', () => {
    const { it: over, add, blocked, release } = rows();
    over.want(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 5000 && blocked() === 0; i++) {
      add(1);
      over.flush(true);
      release(0, 1, 2);
    }
    expect(blocked()).toBe(1);
    const { offered, delivered, dropped } = over.counts;
    expect(dropped).toBe(1);
    expect(offered).toBe(delivered + dropped);
    over.disconnect();
  });
});
