import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { CoreLink } from './core-link.ts';

it('requests of one client have one number, those of another another', () => {
  const sent: Buffer[] = [];
  const stream = new Duplex({
    read: () => {},
    write: (piece: Buffer, _, done) => {
      sent.push(piece);
      done();
    },
  });
  const link = new CoreLink(stream, { message: () => {}, ended: () => {} });
  const [one, other] = ['192.0.2.1', '192.0.2.1'].map((address) => ({ address, adminToken: undefined }));
  for (const caller of [one, other, one]) if (caller) void link.rules.ask('list', {}, caller);
  const clients = [
    ...Buffer.concat(sent)
      .toString()
      .matchAll(/"client":(\d+)/g),
  ].map(([, number]) => number);
  expect(clients).toEqual(['1', '2', '1']);
});
