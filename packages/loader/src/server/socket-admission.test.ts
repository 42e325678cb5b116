/** Admission of clients, over real HTTP on loopback. */
import { request } from 'node:http';
import { helloSchema, PROTOCOL_VERSION } from '@packetlog/common';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, eachWithServer, HOST, hello, once, TOKEN } from '../../test/support/server-fixture.ts';

const HERE = '192.0.2.1';
let address = HOST;
const on = eachWithServer({ all: 14, strangers: 7, readers: 4, admins: 3, readersPerAddress: 3 }, () => address);
afterEach(() => {
  address = HOST;
});

describe('admission', () => {
  it('admits a client with the token, and sends it the node', async () => {
    const socket = on.client();
    expect(helloSchema.parse(await once(socket, 'hello'))).toEqual({ ...hello, admin: false });
  });

  it.each<[string, unknown]>([
    ['no token', {}],
    ['a wrong token', { token: 'wrong' }],
    ['an empty token', { token: '' }],
    ['half a token', { token: TOKEN.slice(0, -1) }],
    ['an overlong token', { token: 'x'.repeat(10_000) }],
    ['a token in a list', { token: [TOKEN] }],
    ['a number', { token: 5 }],
  ])('rejects %s', async (_, auth) => {
    const rejected = await on.attempt({ auth: auth as Record<string, unknown> });
    expect(rejected).toEqual({ code: 'unauthorized', message: expect.stringContaining('packetlog url') });
  });

  it('admits whom a grant of a hub names, and limits people by name, not by the address of the hub', async () => {
    address = HERE;
    on.grants.set('plg1.ann', { person: 'ann', mayChange: false });
    on.grants.set('plg1.ben', { person: 'ben', mayChange: true });
    for (let i = 0; i < 3; i++) expect(await on.attempt({ auth: { token: 'plg1.ann' } })).toBe('connected');
    expect(await on.attempt({ auth: { token: 'plg1.ann' } })).toMatchObject({ code: 'too_many_clients' });
    expect(await on.attempt({ auth: { token: 'plg1.ben' } })).toBe('connected');
    const admin = on.client({ auth: { token: 'plg1.ben', admin_token: 'plg1.ben' } });
    expect(await once(admin, 'hello')).toMatchObject({ admin: true });
    expect(await on.attempt({ auth: { token: 'plg1.ann', admin_token: 'plg1.ann' } })).toMatchObject({
      code: 'unauthorized',
    });
  });

  it('rejects another protocol version, with the next step', async () => {
    const auth = { token: TOKEN, protocol: PROTOCOL_VERSION + 1 };
    expect(await on.attempt({ auth })).toMatchObject({
      code: 'protocol_mismatch',
      message: expect.stringContaining('Reload'),
    });
    expect(await on.attempt({ auth: { token: TOKEN, protocol: PROTOCOL_VERSION } })).toBe('connected');
  });

  it.each<[string, Record<string, string>]>([
    ['a foreign page', { Origin: 'http://evil.example' }],
    ['a sandboxed page', { Origin: 'null' }],
    ['a foreign name that points here', { Host: 'evil.example' }],
    ['such a name with the right port', { Host: 'evil.example:7411', Origin: 'http://evil.example:7411' }],
  ])('rejects %s, even with the token', async (_, extraHeaders) => {
    expect(await on.attempt({ extraHeaders })).toBe('websocket error');
  });

  it('rejects a foreign page that keeps trying: one log line at once, the count at the end', async () => {
    const extraHeaders = { Origin: 'http://evil.example' };
    for (let i = 0; i < 5; i++) expect(await on.attempt({ extraHeaders })).toBe('websocket error');
    expect(on.logged).toMatchObject([
      { origin: 'http://evil.example', msg: expect.stringContaining('--allow-origin') },
    ]);
    await on.server.close();
    expect(on.logged.slice(1)).toMatchObject([{ count: 4, msg: expect.stringContaining('more within a minute') }]);
  });

  it('rejects guesses, logs them and sends a time to wait; a right token from there is accepted', async () => {
    on.frozenAt = performance.now();
    const guess = () => on.attempt({ auth: { token: 'a wrong guess' } });
    for (let i = 0; i < 50; i++) await guess();
    expect(await guess()).toMatchObject({ code: 'unauthorized', message: expect.stringMatching(/Wait 1 s/) });
    expect(await on.attempt({})).toBe('connected');
    const wrong = on.logged.filter(({ msg }) => msg === 'wrong token');
    expect(wrong).toMatchObject([{ address: HOST }]);
    await on.server.close();
    expect(on.logged).toContainEqual(expect.objectContaining({ count: 49, msg: 'wrong token; more within a minute' }));
  });

  describe('admits an admin, however many others are connected', () => {
    const admin = { auth: { token: TOKEN, admin_token: ADMIN_TOKEN } };
    /** Opens more connections than allowed, all silent. */
    const strangers = async () => {
      for (let i = 0; i < 20; i++) await on.tcp();
    };

    it('from the same address: readers and strangers fill its limits', async () => {
      address = HERE;
      for (let i = 0; i < 3; i++) expect(await on.attempt({})).toBe('connected');
      await strangers();
      const rejection = { code: 'too_many_clients', message: expect.stringContaining('from this address') };
      expect(await on.attempt({})).toMatchObject(rejection);
      expect(await on.attempt(admin)).toBe('connected');
      address = '192.0.2.2';
      expect(await on.attempt({})).toBe('connected');
    });

    it('from elsewhere: readers and strangers fill the limits of all', async () => {
      for (let i = 0; i < 4; i++) expect(await on.attempt({})).toBe('connected');
      await strangers();
      expect(await on.attempt({})).toMatchObject({ code: 'too_many_clients' });
      for (let i = 0; i < 3; i++) expect(await on.attempt(admin)).toBe('connected');
      expect(await on.attempt(admin)).toMatchObject({ code: 'too_many_clients' });
    });
  });

  it('admits the page of this server', async () => {
    expect(await on.attempt({ extraHeaders: { Origin: `http://${HOST}:${on.port}` } })).toBe('connected');
  });

  it('rejects HTTP polling', async () => {
    const status = await new Promise((resolve, reject) => {
      const path = '/socket.io/?EIO=4&transport=polling';
      request({ host: HOST, port: on.port, path, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(400);
    expect(await on.attempt({ transports: ['polling'] })).not.toBe('connected');
  });

  it('rejects other socket.io namespaces', async () => {
    const socket = io(`http://${HOST}:${on.port}/admin`, {
      transports: ['websocket'],
      auth: { token: TOKEN },
      forceNew: true,
      reconnection: false,
    });
    on.clients.push(socket);
    expect(await once<Error>(socket, 'connect_error')).toMatchObject({ message: 'Invalid namespace' });
  });
});
