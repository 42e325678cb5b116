import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { type Encoding, ProcessChannel } from './process-channel.ts';

const JSON_TEXT: Encoding<unknown, unknown> = {
  encode: (message) => Buffer.from(JSON.stringify(message)),
  decode: (bytes) => JSON.parse(bytes.toString()),
  maxBytes: 1000,
};

/** The near end of a connection; what is pushed to `stream` arrives. */
function channel(encoding = JSON_TEXT) {
  const written: Buffer[] = [];
  const received: unknown[] = [];
  const ends: string[] = [];
  const stream = new Duplex({
    read: () => {},
    write: (piece: Buffer, _, done) => {
      written.push(piece);
      done();
    },
  });
  const it = new ProcessChannel(stream, encoding, {
    message: (message) => received.push(message),
    ended: (why) => ends.push(why),
  });
  return { it, stream, written, received, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('messages arrive whole and in order, in whatever pieces', async () => {
  const messages = fc.array(
    fc.oneof(fc.string({ maxLength: 40 }), fc.integer(), fc.object({ maxDepth: 1, maxKeys: 3 })),
  );
  await fc.assert(
    fc.asyncProperty(messages, fc.array(fc.integer({ min: 1, max: 30 })), async (sent, sizes) => {
      const from = channel();
      for (const message of sent) from.it.send(message);
      await turn();
      const all = Buffer.concat(from.written);
      const to = channel();
      let at = 0;
      for (const size of [...sizes, all.length]) {
        if (at < all.length) to.stream.push(all.subarray(at, at + size));
        at += size;
        await turn();
      }
      expect(to.received).toEqual(JSON.parse(JSON.stringify(sent)));
      expect(to.ends).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it.each<[string, Buffer, RegExp]>([
  ['too long a message', Buffer.from([0xe9, 3, 0, 0]), /sent a message of 1001 bytes; the limit is 1000/],
  ['bytes that are no message', Buffer.from([2, 0, 0, 0, 0x7b, 0x7b]), /sent an invalid message/],
])('ends once, with the reason, after %s, and ignores what follows', async (_, bytes, why) => {
  const { stream, received, ends } = channel();
  stream.push(bytes);
  stream.push(Buffer.from([1, 0, 0, 0, 0x31]));
  await turn();
  await turn();
  expect(ends).toEqual([expect.stringMatching(why)]);
  expect(received).toEqual([]);
});

it('handles a flood of messages in portions, in order, and reads no more meanwhile', async () => {
  const { it: over, stream, received } = channel({ ...JSON_TEXT, maxPerPeriod: 4 });
  const message = (n: number) => Buffer.from([1, 0, 0, 0, 0x30 + n]);
  stream.push(Buffer.concat([0, 1, 2, 3, 4, 5].map(message)));
  await turn();
  expect(received).toEqual([0, 1, 2, 3]);
  expect(stream.isPaused()).toBe(true);
  stream.push(Buffer.concat([6, 7, 8, 9].map(message)));
  await vi.waitFor(() => expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  over.destroy();
});

it('reports that the other side closed, but not a close of this side', async () => {
  const theirs = channel();
  theirs.stream.destroy();
  await turn();
  expect(theirs.ends).toEqual(['closed']);
  const unread = channel();
  unread.stream.destroy(new Error('read ECONNRESET'));
  await turn();
  expect(unread.ends).toEqual(['closed']);
  const ours = channel();
  ours.it.destroy();
  await turn();
  expect(ours.ends).toEqual([]);
});
