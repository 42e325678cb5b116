import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { numberedRecord } from '../../test/support/fake-ring.ts';
import { ConsolePrinter, inLines, type Omitted } from './console-printer.ts';

const STRIDE = 72;

/** An output that takes chunks automatically, or only when the test says so. */
function output(byItself: boolean) {
  const taken: string[] = [];
  const waiting: { text: string; done: (error?: Error) => void }[] = [];
  const stream = new Writable({
    decodeStrings: false,
    highWaterMark: 1024,
    write(text: string, _, done) {
      if (byItself) {
        taken.push(text);
        setImmediate(done);
      } else waiting.push({ text, done });
    },
  });
  return {
    stream,
    waiting,
    text: () => taken.join(''),
    take: () => {
      const next = waiting.shift();
      if (!next) return;
      taken.push(next.text);
      next.done();
    },
  };
}

function printing(byItself: boolean) {
  const out = output(byItself);
  const onClosed = vi.fn();
  let next = 0;
  const printer = new ConsolePrinter({
    output: out.stream,
    encode: inLines((view, i) => `record ${Number(view.timestampNs(i) & 0xffff_ffffn)}`),
    stride: STRIDE,
    recordOffset: 8,
    onClosed,
  });
  const add = (count: number) => {
    const bytes = new Uint8Array(count * STRIDE);
    for (let i = 0; i < count; i++) bytes.set(numberedRecord(next++), i * STRIDE + 8);
    printer.add(bytes, count);
    bytes.fill(0xee);
  };
  return { ...out, printer, onClosed, add };
}

const lines = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => `record ${first + i}\n`).join('');
const closed = (code: string) => Object.assign(new Error(code), { code });

describe('ConsolePrinter', () => {
  it('prints one line for each record, in order, from its own copies', async () => {
    const { printer, add, text } = printing(true);
    add(3);
    add(0);
    add(2000);
    await printer.finish(undefined, 60_000);
    expect(text()).toBe(lines(0, 2003));
    expect(printer.counts).toEqual({ console: 2003, dropped: 0 });
    expect(printer.pending).toBe(0);
  });

  it('prints records that match its filter, and counts the others neither as printed nor as dropped', async () => {
    const { printer, add, text } = printing(true);
    add(1);
    printer.setFilter((bytes, at) => (bytes[at] as number) % 2 === 0);
    add(4);
    printer.setFilter(() => false);
    add(4);
    await printer.finish(undefined, 60_000);
    expect(text()).toBe('record 0\nrecord 2\nrecord 4\n');
    expect(printer.counts).toEqual({ console: 3, dropped: 0, filtered: 6 });
    expect(printer.pending).toBe(0);
  });

  it('ends with a line that has all counts', async () => {
    const { printer, add, text } = printing(true);
    add(700);
    await printer.finish(() => JSON.stringify(printer.counts), 60_000);
    expect(text().endsWith('\nrecord 699\n{"console":700,"dropped":0}\n')).toBe(true);
  });

  it('counts a record as printed only when the output has taken it', async () => {
    const { printer, add, waiting, take } = printing(false);
    add(3);
    await vi.waitUntil(() => waiting.length > 0);
    expect(printer.counts).toEqual({ console: 0, dropped: 0 });
    expect(printer.pending).toBe(3);
    take();
    expect(printer.counts).toEqual({ console: 3, dropped: 0 });
  });

  it('finishes only when the output has taken everything', async () => {
    const { printer, add, waiting, take } = printing(false);
    add(1);
    await vi.waitUntil(() => waiting.length > 0);
    let finished = false;
    const finish = printer.finish(undefined, 60_000).then(() => {
      finished = true;
    });
    await new Promise(setImmediate);
    expect(finished).toBe(false);
    take();
    await finish;
  });

  it('formats no records while the output takes none', async () => {
    const { add, waiting, printer } = printing(false);
    add(100_000);
    await vi.waitUntil(() => waiting.length > 0);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(waiting).toHaveLength(1);
    expect(waiting[0]?.text).toBe(lines(0, 512));
    expect(printer.pending).toBe(100_000);
  });

  it('buffers at most 64 MiB of records, and counts further ones as dropped', () => {
    const { add, printer } = printing(false);
    const most = Math.floor((64 * 1024 * 1024) / STRIDE);
    add(most);
    add(1);
    expect(printer.counts).toEqual({ console: 0, dropped: 1 });
    expect(printer.pending).toBe(most);
  });

  it('passes the encoder what was omitted before a record arrived, not before it is written', async () => {
    const out = output(true);
    const reported: Omitted[] = [];
    const printer = new ConsolePrinter({
      output: out.stream,
      encode: (view, from, to, omitted) => {
        reported.push(omitted);
        return `${to - from} of ${view.length}\n`;
      },
      tail: ({ dropped }) => `${dropped} dropped in all\n`,
      stride: STRIDE,
      recordOffset: 8,
      onClosed: vi.fn(),
    });
    const upstream = (dropped: number) => ({ dropped, withheld: 1, filtered: 2 });
    const most = Math.floor((64 * 1024 * 1024) / STRIDE);
    printer.add(new Uint8Array(STRIDE), 1, upstream(0));
    printer.add(new Uint8Array(STRIDE), 1, upstream(10));
    printer.add(new Uint8Array(most * STRIDE), most, upstream(10));
    printer.add(new Uint8Array(STRIDE), 1, upstream(11));
    await printer.finish(undefined, 60_000);
    expect(reported).toEqual([upstream(0), upstream(10), { dropped: 11 + most, withheld: 1, filtered: 2 }]);
    expect(out.text()).toBe(`1 of 1\n1 of 1\n1 of 1\n${11 + most} dropped in all\n`);
  });

  it('stops at the record limit, reports that once, and counts nothing after it', async () => {
    const { printer, add, text } = printing(true);
    const onFull = vi.fn();
    printer.setFilter((bytes, at) => (bytes[at] as number) % 2 === 0);
    printer.setLimit(3, onFull);
    add(4);
    expect(onFull).not.toHaveBeenCalled();
    add(8);
    add(8);
    await printer.finish(undefined, 60_000);
    expect(text()).toBe('record 0\nrecord 2\nrecord 4\n');
    expect(printer.counts).toMatchObject({ console: 3, dropped: 0 });
    expect(onFull).toHaveBeenCalledTimes(1);
  });

  it('ends after the timeout if the output takes nothing, with or without a last line', async () => {
    const { printer, add } = printing(false);
    add(5);
    await printer.finish(() => 'never', 1);
    expect(printer.counts).toEqual({ console: 0, dropped: 5 });
    const idle = printing(false);
    await idle.printer.finish(() => 'never', 1);
    expect(idle.waiting[0]?.text).toBe('never\n');
  });

  it('counts records after the output closed as dropped, and reports the error', async () => {
    const { printer, add, waiting, onClosed } = printing(false);
    add(600);
    await vi.waitUntil(() => waiting.length > 0);
    waiting.shift()?.done(closed('EPIPE'));
    await vi.waitUntil(() => onClosed.mock.calls.length > 0);
    add(7);
    expect(onClosed).toHaveBeenCalledWith(expect.objectContaining({ code: 'EPIPE' }));
    expect(printer.counts).toEqual({ console: 0, dropped: 607 });
    await printer.finish(() => 'not printed', 60_000);
    expect(printer.pending).toBe(0);
  });

  it('prints or counts every record, wherever the output fails', async () => {
    const adds = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(adds, fc.nat(8), async (counts, breakAfter) => {
        const { printer, add, waiting, take, stream, text } = printing(false);
        let given = 0;
        let taken = 0;
        for (const count of counts) {
          add(count);
          given += count;
          await new Promise(setImmediate);
          if (taken++ < breakAfter) take();
          else waiting.shift()?.done(closed('EPIPE'));
          expect(printer.counts.console + printer.counts.dropped + printer.pending).toBe(given);
        }
        if (!stream.destroyed) stream.destroy(closed('EIO'));
        await printer.finish(undefined, 60_000);
        expect(printer.counts.console + printer.counts.dropped).toBe(given);
        expect(text()).toBe(lines(0, printer.counts.console));
      }),
      { numRuns: 50 },
    );
  });
});
