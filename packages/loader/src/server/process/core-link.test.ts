import { Duplex } from 'node:stream';
import { serialize } from 'node:v8';
import { expect, it } from 'vitest';
import { CoreLink } from './core-link.ts';

/** A link to a simulated core, and what it was sent. */
function link() {
  const sent: Buffer[] = [];
  const stream = new Duplex({
    read: () => {},
    write: (piece: Buffer, _, done) => {
      sent.push(piece);
      done();
    },
  });
  const answer = (request: number, value: unknown) => {
    const body = serialize({ type: 'answer', request, value });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    stream.push(Buffer.concat([length, body]));
  };
  const it = new CoreLink(stream, { message: () => {}, ended: () => {} });
  return { it, answer, text: () => Buffer.concat(sent).toString() };
}

it('requests of one client have one number, those of another another', () => {
  const { it: over, text } = link();
  const [one, other] = ['192.0.2.1', '192.0.2.1'].map((address) => ({ address, adminToken: undefined }));
  for (const caller of [one, other, one]) if (caller) void over.rules.ask('list', {}, caller);
  const clients = [...text().matchAll(/"client":(\d+)/g)].map(([, number]) => number);
  expect(clients).toEqual(['1', '2', '1']);
});

it('probes that arrive before the answer cause one request, and the next probe another', async () => {
  const { it: over, answer, text } = link();
  const asked = () => text().split('"about":"health"').length - 1;
  const probes = Array.from({ length: 1000 }, () => over.isHealthy());
  expect(asked()).toBe(1);
  answer(1, true);
  expect(new Set(await Promise.all(probes))).toEqual(new Set([true]));
  const next = over.isHealthy();
  expect(asked()).toBe(2);
  answer(2, false);
  expect(await next).toBe(false);
});
