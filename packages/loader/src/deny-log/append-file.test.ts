import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppendFile } from './append-file.ts';

describe('a file that lines are appended to', () => {
  let directory: string;
  let path: string;
  let now = 0;
  const clock = () => now;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-append-'));
    path = join(directory, 'log');
    now = 0;
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('has every line once its end is awaited, and keeps those of an earlier run', async () => {
    const first = new AppendFile(path, clock);
    for (let i = 0; i < 500; i++) first.append(`a${i}\nb${i}\n`, 2);
    await first.end(10_000);
    const second = new AppendFile(path, clock);
    second.append('last\n', 1);
    await second.end(10_000);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1001);
    expect(lines.slice(-3)).toEqual(['a499', 'b499', 'last']);
    expect([first.counts, second.counts]).toEqual([
      { written: 1000, lost: 0 },
      { written: 1, lost: 0 },
    ]);
  });

  it('is opened again after it was renamed: no line is lost, and none is in both files', async () => {
    const file = new AppendFile(path, clock);
    let lines = 0;
    for (const rotated of ['log.1', 'log.2']) {
      for (let i = 0; i < 100; i++) file.append(`${lines++}\n`, 1);
      await settled(file, lines);
      renameSync(path, join(directory, rotated));
      file.append(`${lines++}\n`, 1);
      await settled(file, lines);
      file.reopen();
    }
    file.append(`${lines++}\n`, 1);
    await file.end(10_000);
    const all = ['log.1', 'log.2', 'log'].flatMap((name) => readFileSync(join(directory, name), 'utf8').match(/\d+/g));
    expect(all).toEqual(Array.from({ length: lines }, (_, i) => String(i)));
    expect(readFileSync(path, 'utf8')).toBe(`${lines - 1}\n`);
    expect(file.counts).toEqual({ written: lines, lost: 0 });
  });

  it('counts what is lost while its directory is missing, tries again after a second, and says why', async () => {
    const late = join(directory, 'late');
    const file = new AppendFile(join(late, 'log'), clock);
    file.append('1\n2\n', 2);
    await settled(file, 2);
    expect(file.error?.message).toMatch(/ENOENT/);
    mkdirSync(late);
    now = 999;
    file.append('3\n', 1);
    await settled(file, 3);
    now = 1000;
    file.append('4\n', 1);
    await settled(file, 4);
    expect(file.error).toBeUndefined();
    await file.end(10_000);
    expect(file.counts).toEqual({ written: 1, lost: 3 });
    expect(readFileSync(join(late, 'log'), 'utf8')).toBe('4\n');
  });

  it.each([
    ['a directory', () => directory, /EISDIR/],
    ['a device', () => '/dev/null', /is not a regular file/],
  ])('is not %s', async (_, given, why) => {
    const file = new AppendFile(given(), clock);
    file.append('1\n', 1);
    await settled(file, 1);
    expect(file.counts).toEqual({ written: 0, lost: 1 });
    expect(file.error?.message).toMatch(why);
    await file.end(10_000);
  });

  it('keeps whole lines and exact counts when writes are short and the disk is full in between (simulated writes)', async () => {
    let text = '';
    let room = 7;
    const write = (async (_: number, bytes: Buffer, at: number, length: number) => {
      const taken = Math.min(length, room, 3);
      if (taken === 0) throw new Error('ENOSPC');
      room -= taken;
      text += bytes.subarray(at, at + taken).toString();
      return { bytesWritten: taken, buffer: bytes };
    }) as unknown as ConstructorParameters<typeof AppendFile>[3];
    const file = new AppendFile(path, clock, undefined, write);
    file.append('aa\nbb\ncc\n', 3);
    await settled(file, 3);
    expect([text, file.counts]).toEqual(['aa\nbb\nc', { written: 2, lost: 1 }]);
    room = 100;
    now = 1000;
    file.append('dd\nee\n', 2);
    await file.end(10_000);
    expect(text).toBe('aa\nbb\nc\ndd\nee\n');
    expect(file.counts).toEqual({ written: 4, lost: 1 });
  });

  it('lets another process append, and create the file when it is opened again', async () => {
    const appended: string[] = [];
    const file = new AppendFile(path, clock, async (bytes) => void appended.push(bytes.toString()));
    file.append('aa\n', 1);
    await settled(file, 1);
    file.reopen();
    await file.end(10_000);
    expect(appended).toEqual(['aa\n', '']);
    expect(file.counts).toEqual({ written: 1, lost: 0 });
  });

  it('bounds what waits for a disk that does not answer, and gives up on it at the end (simulated writes)', async () => {
    const file = new AppendFile(path, clock, undefined, (() => new Promise(() => {})) as never);
    const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    for (let i = 0; i < 20; i++) file.append(line, 1);
    expect(file.counts).toEqual({ written: 0, lost: 12 });
    await file.end(1);
    expect(file.counts).toEqual({ written: 0, lost: 20 });
  });

  /** Resolves once `lines` are written or lost. */
  async function settled({ counts }: AppendFile, lines: number): Promise<void> {
    while (counts.written + counts.lost < lines) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
});
