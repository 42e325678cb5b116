import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AFTER_SLABS_BYTES, encodeMark, MARK_BYTES, type RowMark } from '../../ipc/row-marks.ts';
import { SLAB_BYTES } from '../../ipc/slabs.ts';
import { RowReader } from './row-reader.ts';

const STRIDE = 72;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-reader-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Passes bytes that are overwritten after the call. */
function passOnce(bytes: Uint8Array, received: (bytes: Uint8Array) => void): void {
  const reused = new Uint8Array(bytes);
  received(reused);
  reused.fill(0xff);
}

const bytesOf = (marks: readonly RowMark[]) => Buffer.concat(marks.map((mark) => encodeMark(mark)));

function reader() {
  const slabs = Buffer.alloc(2 * SLAB_BYTES + AFTER_SLABS_BYTES);
  slabs.fill('a', 0, STRIDE);
  slabs.fill('b', SLAB_BYTES, SLAB_BYTES + 2 * STRIDE);
  writeFileSync(join(directory, 'slabs'), slabs);
  const released = join(directory, 'released');
  const marks = new Readable({ read: () => {} });
  const log: string[] = [];
  const unread: RowMark[] = [];
  let written = 0;
  const it = new RowReader(
    {
      marks: (received) => {
        marks.on('data', (bytes) => passOnce(bytes, received));
        return () => {
          if (unread.length > 0) passOnce(bytesOf(unread.splice(0)), received);
        };
      },
      slabs: openSync(join(directory, 'slabs'), 'r'),
      released: openSync(released, 'w'),
    },
    {
      rows: (bytes, count, skipped) =>
        log.push(
          `rows ${Buffer.from(bytes.subarray(0, count * STRIDE))
            .toString()
            .replace(/(.)\1+/g, '$1')} ${count} ${skipped}`,
        ),
      rowsWanted: (skipped) => log.push(`wanted ${skipped}`),
      setClockOffset: (ns) => log.push(`clock ${ns}`),
      ended: () => log.push('end'),
    },
  );
  it.start({ stride: STRIDE, recordOffset: 8 });
  return {
    it,
    log,
    send: (...sent: RowMark[]) => {
      written += sent.length * MARK_BYTES;
      marks.push(bytesOf(sent));
    },
    /** Like `send`, and the event loop does not come to them. */
    leave: (...sent: RowMark[]) => {
      unread.push(...sent);
      written += sent.length * MARK_BYTES;
      const count = Buffer.alloc(4);
      count.writeUInt32LE(written);
      writeSync(openSync(join(directory, 'slabs'), 'r+'), count, 0, 4, 2 * SLAB_BYTES);
    },
    sendBytes: (bytes: Uint8Array) => marks.push(bytes),
    released: () => [...new Uint32Array(new Uint8Array(readFileSync(released)).buffer)],
    report: (number: number) => it.report(number, () => log.push(`report ${number}`)),
  };
}

it('passes rows and marks on in order, and releases each slab', async () => {
  const { log, send, released } = reader();
  send({ kind: 'rowsWanted', skipped: 3 }, { kind: 'clock', offsetNs: 5n });
  send(
    { kind: 'rows', slab: 1, count: 2, skipped: 4 },
    { kind: 'rows', slab: 0, count: 1, skipped: 0 },
    { kind: 'end' },
  );
  await vi.waitFor(() => expect(log.at(-1)).toBe('end'));
  expect(log).toEqual(['wanted 3', 'clock 5', 'rows b 2 4', 'rows a 1 0', 'end']);
  expect(released()).toEqual([1, 0]);
});

it('puts a mark together that arrives in pieces', async () => {
  const { log, sendBytes } = reader();
  const bytes = encodeMark({ kind: 'rows', slab: 0, count: 1, skipped: 0 });
  for (const byte of bytes) sendBytes(Uint8Array.of(byte));
  await vi.waitFor(() => expect(log).toEqual(['rows a 1 0']));
});

it('releases more slabs than fit into one write', async () => {
  const { log, send, released } = reader();
  const slabs = Array.from({ length: 19 }, (_, i) => i % 2);
  send(...slabs.map((slab): RowMark => ({ kind: 'rows', slab, count: 1, skipped: 0 })), { kind: 'end' });
  await vi.waitFor(() => expect(log.at(-1)).toBe('end'));
  expect(released()).toEqual(slabs);
});

it('applies a report after the rows before it, and before those after it, whichever arrives first', async () => {
  const early = reader();
  early.report(1);
  early.send({ kind: 'rows', slab: 0, count: 1, skipped: 0 }, { kind: 'report', number: 1 });
  early.send({ kind: 'rows', slab: 1, count: 2, skipped: 0 });
  await vi.waitFor(() => expect(early.log).toHaveLength(3));
  expect(early.log).toEqual(['rows a 1 0', 'report 1', 'rows b 2 0']);
});

it('does not wait for a report that does not come, and applies it when it comes late', async () => {
  const { log, send, report } = reader();
  send({ kind: 'report', number: 1 }, { kind: 'rows', slab: 0, count: 1, skipped: 0 });
  await vi.waitFor(() => expect(log).toEqual(['rows a 1 0']));
  report(1);
  report(2);
  expect(log).toEqual(['rows a 1 0', 'report 1']);
});

it('passes on rows that the event loop has not come to, if it is asked to', async () => {
  const { it, log, send, leave, released } = reader();
  expect(it.poll()).toBe(false);
  send({ kind: 'rows', slab: 0, count: 1, skipped: 0 });
  await vi.waitFor(() => expect(log).toHaveLength(1));
  leave({ kind: 'rows', slab: 1, count: 2, skipped: 0 });
  expect(it.poll()).toBe(true);
  expect(log).toEqual(['rows a 1 0', 'rows b 2 0']);
  expect(released()).toEqual([0, 1]);
  expect(it.poll()).toBe(false);
});

it('keeps the order, if it is asked while rows are passed on or wait for a report', () => {
  const { it, log, leave, report } = reader();
  const polled: boolean[] = [];
  log.push = (line) => {
    polled.push(it.poll());
    log[log.length] = line;
    return log.length;
  };
  leave({ kind: 'rows', slab: 0, count: 1, skipped: 0 }, { kind: 'report', number: 1 });
  expect(it.poll()).toBe(true);
  leave({ kind: 'rows', slab: 1, count: 2, skipped: 0 });
  expect(it.poll()).toBe(false);
  report(1);
  expect(it.poll()).toBe(true);
  expect([...log]).toEqual(['rows a 1 0', 'report 1', 'rows b 2 0']);
  expect(polled).toEqual([false, false, false]);
});
