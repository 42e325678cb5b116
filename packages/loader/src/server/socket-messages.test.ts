/** Handling of bad messages, and of too many messages. */
import { describe, expect, it } from 'vitest';
import {
  eachWithServer,
  HOST,
  numbersOf,
  once,
  settled,
  TOKEN,
  whenRead,
  wire,
} from '../../test/support/server-fixture.ts';

const on = eachWithServer();

/** Malformed values for an object with one number. */
const malformed: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a list', []],
  ['a list of options', [{ max_rows_per_second: 5 }]],
  ['a text', 'all'],
  ['a negative number', { max_rows_per_second: -1 }],
  ['a fraction', { max_rows_per_second: 1.5 }],
  ['too many', { max_rows_per_second: 1_000_001 }],
  ['a text for a number', { max_rows_per_second: '5' }],
  ['an unknown key', { max_rows_per_second: 5, rows: 'x' }],
  ['an object for a filter', { filter: { protocol: [6] } }],
  ['an address that is none in a filter', { filter: 'host 192.0.2.256' }],
  ['an endless filter', { filter: 'port 1 or '.repeat(6000) }],
  ['a deep filter', { filter: '('.repeat(4000) }],
  ['a prototype', JSON.parse('{"__proto__": {"polluted": true}}')],
  ['a constructor', { constructor: { prototype: { polluted: true } } }],
  ['bytes', new Uint8Array(8)],
];

describe('bad messages', () => {
  it('are logged up to a limit, then counted', async () => {
    for (let i = 0; i < 4; i++) {
      const { socket } = await on.connected();
      const gone = once(socket, 'disconnect');
      for (let k = 0; k < 10; k++) socket.emit(`event ${i} ${k}`);
      await gone;
    }
    const warnings = () => on.logged.filter(({ msg }) => msg === 'bad message');
    expect(warnings()).toHaveLength(10);
    expect(warnings()[0]).toMatchObject({ address: HOST, problem: 'unknown event "event 0 0"' });
    await on.server.close();
    expect(on.logged.at(-1)).toMatchObject({ count: 30, msg: 'bad message; more within a minute' });
  });

  it('include requests without an acknowledgement, which are not handled', async () => {
    const { socket } = await on.connected();
    socket.emit('names:places', { addresses: ['192.0.2.1'] });
    await settled(socket);
    expect(on.logged).toMatchObject([{ problem: 'a request without an acknowledgement' }]);
  });

  it.each(malformed)('subscribe with %s is rejected, and the next one works', async (_, options) => {
    const { socket } = await on.connected();
    const answer = await socket.emitWithAck('subscribe', ...(options === undefined ? [] : [options]));
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(on.rowsWanted).not.toHaveBeenCalled();
    expect({}).not.toHaveProperty('polluted');
    expect(await socket.emitWithAck('subscribe', { max_rows_per_second: 7 })).toEqual({
      ok: true,
      value: { max_rows_per_second: 7 },
    });
    expect(on.rowsWanted).toHaveBeenLastCalledWith(7);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', { paused: 'yes' }],
    ['nothing in it', {}],
    ['a list', [true]],
  ])('pause with %s is rejected', async (_, options) => {
    const { socket } = await on.connected();
    expect(await socket.emitWithAck('pause', options)).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });

  it('messages without an acknowledgement work or are ignored, as those with one', async () => {
    const { socket } = await on.connected();
    socket.emit('subscribe', null);
    socket.emit('subscribe', { max_rows_per_second: 9 });
    await settled(socket);
    expect(on.rowsWanted).toHaveBeenCalledWith(9);
    expect(socket.connected).toBe(true);
  });

  it.each(['rules', 'packets', 'constructor', '__proto__', 'x'.repeat(1000)])(
    'an unknown event is a bad message: %s',
    async (event) => {
      const { socket } = await on.connected();
      const gone = once(socket, 'disconnect');
      for (let i = 0; i < 9; i++) socket.emit(event, i);
      await settled(socket);
      expect(socket.connected).toBe(true);
      socket.emit(event);
      expect(await gone).toBe('io server disconnect');
    },
  );

  it('ten of them end the connection, and no other client is affected', async () => {
    const { socket } = await on.connected();
    const other = await on.connected();
    await other.socket.emitWithAck('subscribe', { max_rows_per_second: 1000 });
    const gone = once(socket, 'disconnect');
    for (let i = 0; i < 200; i++) socket.emit('subscribe', -i);
    expect(await gone).toBe('io server disconnect');
    on.sendRows(3);
    await settled(other.socket);
    expect(numbersOf(other.batches)).toEqual([0, 1, 2]);
  });

  it('one that is too large ends the connection, and the server continues', async () => {
    const { socket } = await on.connected();
    const gone = once(socket, 'disconnect');
    socket.emit('subscribe', 'x'.repeat(70_000));
    expect(await gone).toMatch(/transport/);
    expect(await on.attempt({})).toBe('connected');
  });

  it.each([
    '4',
    '42',
    '42[5]',
    '421[5]',
    '42[',
    '42{}',
    '42[null]',
    '42["connect"]',
    '451-["subscribe"]',
    '2',
    'nonsense',
    `40{"token":"${TOKEN}"}`,
    '\0',
  ])('raw text %j on the wire ends at most its own connection', async (text) => {
    const { socket } = await on.connected();
    wire(socket).send(text);
    wire(socket).send(text);
    // Answered after both, or not at all.
    await Promise.race([settled(socket), once(socket, 'disconnect')]);
    expect(await on.attempt({})).toBe('connected');
  });
});

it('rejects messages beyond the burst, and continues', async () => {
  const { socket } = await on.connected();
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => socket.emitWithAck('pause', { paused: false }) as Promise<{ ok: boolean }>),
  );
  const rejected = answers.filter(({ ok }) => !ok);
  expect(rejected.length).toBeGreaterThan(20);
  expect(rejected[0]).toMatchObject({
    error: { code: 'invalid', message: expect.stringMatching(/ sent too many or too costly messages/) },
  });
  expect(socket.connected).toBe(true);
});

it('stops working for a client that does not read its answers, and delivers those that are ready', async () => {
  on.value = 'x'.repeat(1 << 19);
  const { socket } = await on.connected();
  wire(socket).pause();
  const ask = () => socket.emitWithAck('rules:audit', {}) as Promise<{ ok: boolean; error?: unknown }>;
  const answers: ReturnType<typeof ask>[] = [];
  for (let asked = 0; asked < 100; asked += 2) {
    answers.push(ask(), ask());
    const before = on.asked.length;
    await whenRead(on, socket);
    // The budget then allows the same number again.
    on.skew += 2000;
    if (on.asked.length === before) break;
  }
  const taken = on.asked.length;
  // Some are in transit: in the kernel's buffers.
  expect(taken).toBeLessThan(40);
  wire(socket).resume();
  const rejected = (await Promise.all(answers)).filter(({ ok }) => !ok);
  expect(rejected).toHaveLength(answers.length - taken);
  expect(rejected[0]).toMatchObject({ error: { code: 'invalid', message: expect.stringMatching(/read them/) } });
  expect(await ask()).toMatchObject({ ok: true });
});
