import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PipePair } from './pipe-pair.ts';

/** FIFOs: Node.js cannot create pipes. */
let directory = '';
const open = (name: string) => openSync(join(directory, name), constants.O_RDWR | constants.O_NONBLOCK);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-pair-'));
  for (const name of ['one', 'other']) execFileSync('mkfifo', [join(directory, name)]);
});
afterEach(() => rmSync(directory, { recursive: true }));

it('passes bytes both ways, also more than the pipe holds', async () => {
  const [here, there] = [new PipePair(open('one'), open('other')), new PipePair(open('other'), open('one'))];
  const sent = Buffer.alloc(300_000, 'x');
  let received = 0;
  there.on('data', (bytes: Buffer) => {
    received += bytes.length;
    if (received === sent.length) there.write('done');
  });
  here.write(sent);
  expect(here.writableLength).toBeGreaterThan(0);
  const [answer] = (await once(here, 'data')) as [Buffer];
  expect(answer.toString()).toBe('done');
  here.destroy();
  there.destroy();
});

it('closes when the other side has closed, after what it has sent', async () => {
  const writer = openSync(join(directory, 'one'), constants.O_RDWR | constants.O_NONBLOCK);
  const reader = openSync(join(directory, 'one'), constants.O_RDONLY | constants.O_NONBLOCK);
  const pair = new PipePair(reader, open('other'));
  const pieces: Buffer[] = [];
  pair.on('data', (bytes: Buffer) => pieces.push(bytes));
  writeSync(writer, 'last');
  closeSync(writer);
  await once(pair, 'close');
  expect(Buffer.concat(pieces).toString()).toBe('last');
});
