import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectStream, receiveDescriptors, sendDescriptors } from './descriptor-passing.ts';

it('passes open files to the other end of a Unix socket, with a text', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-pass-'));
  try {
    const paths = ['a', 'b', 'c'].map((name) => join(directory, name));
    for (const path of paths) writeFileSync(path, `content of ${path}`);
    const socketPath = join(directory, 'socket');
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const accepted = new Promise<number>((resolve) => {
      server.once('connection', (socket) => {
        const { _handle: handle } = socket as typeof socket & { _handle: { fd: number } };
        resolve(handle.fd);
      });
    });
    const near = connectStream(socketPath);
    const far = await accepted;
    const files = paths.map((path) => openSync(path, 'r'));
    sendDescriptors(far, Buffer.from('ok'), files);
    for (const file of files) closeSync(file);
    const { text, descriptors } = receiveDescriptors(near, 16, 3);
    expect(Buffer.from(text).toString()).toBe('ok');
    expect(descriptors).toHaveLength(3);
    const contents = descriptors.map((fd) => {
      const bytes = Buffer.alloc(200);
      const length = readSync(fd, bytes);
      closeSync(fd);
      return bytes.toString('utf8', 0, length);
    });
    expect(contents).toEqual(paths.map((path) => `content of ${path}`));
    closeSync(near);
    server.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
