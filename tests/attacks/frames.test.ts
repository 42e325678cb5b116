/** Malformed and oversize input at every layer of the socket, before and after the token. Needs root. */
import { type Ledger, pastRequestSchemas, rulesRequestSchemas } from '@packetlog/common';
import { describe, expect, test } from 'vitest';
import { LAB_TOKEN } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { attackedLoader } from './attacked-loader.ts';
import { BINARY, CLOSE, CONTINUATION, frame, openWebSocket, PING, PONG, type RawWebSocket } from './raw-websocket.ts';

const MAX_MESSAGE_BYTES = 65_536;
const PAUSE = '["pause",{"paused":false}]';
const CONNECT = `40${JSON.stringify({ token: LAB_TOKEN })}`;

const start = frame({ payload: '42["x', fin: false });
const bytes = (...list: number[]) => Uint8Array.from(list);
const repeated = (count: number, each: Uint8Array) => Buffer.concat(Array.from({ length: count }, () => each));

/** RFC 6455. The connection ends. */
const BROKEN_FRAMES: readonly (readonly [name: string, sent: Uint8Array])[] = [
  ['no mask', frame({ payload: '2', masked: false })],
  ['bit RSV1 (a compressed message, which was not agreed on)', frame({ payload: '2', rsv: 4 })],
  ['bit RSV2', frame({ payload: '2', rsv: 2 })],
  ['bit RSV3', frame({ payload: '2', rsv: 1 })],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode) => [`the reserved opcode ${opcode}`, frame({ opcode, payload: '2' })] as const,
  ),
  ['a continuation of nothing', frame({ opcode: CONTINUATION, payload: '2' })],
  ['a message within another', Buffer.concat([start, frame({ payload: '2' })])],
  ['a fragmented ping', frame({ opcode: PING, fin: false })],
  ['a fragmented close', frame({ opcode: CLOSE, fin: false })],
  ['a ping of 126 bytes', frame({ opcode: PING, payload: 'x'.repeat(126) })],
  ['a close with one byte', frame({ opcode: CLOSE, payload: bytes(3) })],
  ['a close with a reserved code', frame({ opcode: CLOSE, payload: bytes(0x03, 0xed) })],
  ['a close with the code 0', frame({ opcode: CLOSE, payload: bytes(0, 0) })],
  ['a close with a reason that is not UTF-8', frame({ opcode: CLOSE, payload: bytes(0x03, 0xe8, 0xff) })],
  ['text that is not UTF-8', frame({ payload: bytes(0x34, 0xc0, 0xaf) })],
  ['half a surrogate', frame({ payload: bytes(0x34, 0xed, 0xa0, 0x80) })],
  ['a length of 65,537', frame({ length: BigInt(MAX_MESSAGE_BYTES + 1) })],
  ['a length of 4 GiB', frame({ length: 2n ** 32n })],
  ['a length of 2^53', frame({ length: 2n ** 53n })],
  ['a length of 2^63', frame({ length: 2n ** 63n })],
  ['the largest length', frame({ length: 2n ** 64n - 1n })],
  [
    'fragments that are too long together',
    Buffer.concat([start, repeated(2, frame({ opcode: CONTINUATION, fin: false, payload: 'x'.repeat(40_000) }))]),
  ],
  ['a binary message that is too long', frame({ opcode: BINARY, payload: 'x'.repeat(MAX_MESSAGE_BYTES + 1) })],
];

/** engine.io and socket.io. The connection ends. */
const BROKEN_PACKETS: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['an unknown packet type', '7'],
  ['a letter', 'x'],
  ['a message of nothing', '4'],
  ['a second CONNECT', CONNECT],
  ['a CONNECT to another namespace', '40/admin,{}'],
  ['an EVENT in another namespace', '42/admin,["pause",{}]'],
  ['a CONNECT_ERROR', '44{"message":"x"}'],
  ['an unknown socket.io type', '47["x"]'],
  ['an EVENT with half of its JSON', '42["pause",'],
  ['an EVENT with an object', '42{"0":"pause","length":1}'],
  ['an EVENT with an empty list', '42[]'],
  ['an EVENT named null', '42[null]'],
  ['an EVENT named by an object', '42[{"toString":1}]'],
  ['an EVENT with a reserved name', '42["connect"]'],
  ['an EVENT with another reserved name', '42["disconnecting"]'],
  ['a BINARY_EVENT without a count', `45["pause",{}]`],
  ['a BINARY_EVENT with a negative count', '45-1-["pause"]'],
  ['a BINARY_EVENT with a huge count', '4599999999-["pause"]'],
  ['a BINARY_EVENT with a count that is no number', '451e3-["pause"]'],
  ['a BINARY_EVENT with 11 attachments', '4511-["pause"]'],
  ['a BINARY_EVENT followed by text', '451-["pause",{"_placeholder":true,"num":0}]'],
];

/** The connection stays, and the next request is answered. */
const TOLERATED: readonly (readonly [name: string, sent: Uint8Array])[] = [
  ['a length in more bytes than needed', frame({ payload: '3', lengthBytes: 8 })],
  [
    'a ping between two fragments',
    Buffer.concat([
      frame({ payload: '42["pau', fin: false }),
      frame({ opcode: PING }),
      frame({ opcode: CONTINUATION, payload: 'se",{"paused":false}]' }),
    ]),
  ],
  ['a pong that was not asked for', frame({ opcode: PONG, payload: 'x' })],
  [
    'a hundred empty fragments',
    Buffer.concat([
      frame({ payload: '42["pause",{"paused":false}]', fin: false }),
      repeated(100, frame({ opcode: CONTINUATION, fin: false })),
      frame({ opcode: CONTINUATION }),
    ]),
  ],
  ['an ACK that was not asked for', frame({ payload: '43999[1]' })],
  ['an event without data', frame({ payload: '42' })],
  ['an unknown event', frame({ payload: '42["x"]' })],
  ['an event named __proto__', frame({ payload: '42["__proto__",{"polluted":true}]' })],
  ['an event named constructor', frame({ payload: '42["constructor",{"prototype":{"polluted":true}}]' })],
  ['an event named by a number', frame({ payload: '42[1]' })],
  ['an event of the server', frame({ payload: '42["hello",{"admin":true}]' })],
  ['an event with a huge number', frame({ payload: '4299999999999999999999["pause",{"paused":false}]' })],
  ['a message of exactly the largest size', frame({ payload: `42["x","${'y'.repeat(MAX_MESSAGE_BYTES - 10)}"]` })],
  ['20,000 lists in each other', frame({ payload: `42["subscribe",${'['.repeat(20_000)}${']'.repeat(20_000)}]` })],
  ['5,000 objects in each other', frame({ payload: `42["subscribe",${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}]` })],
];

const EVENTS = [
  ...['subscribe', 'pause', 'history', 'history:top', 'names:listeners', 'names:reverse', 'names:places'],
  ...['live:rates', 'live:top', 'live:end'],
  ...Object.keys(rulesRequestSchemas).map((verb) => `rules:${verb}`),
  ...Object.keys(pastRequestSchemas).map((verb) => `past:${verb}`),
];
/** Arguments of an event, as JSON. */
const ARGUMENTS: readonly (readonly [name: string, json: string])[] = [
  ['null', 'null'],
  ['a number', '1e308'],
  ['a text', '"x"'],
  ['a list', '[[],{}]'],
  ['three of them', '{},{},{}'],
  ['a prototype', '{"__proto__":{"polluted":true,"ok":true,"max_rows_per_second":5,"filter":"port 1"}}'],
  ['a nested prototype', '{"rule":{"__proto__":{"polluted":true}},"filter":{"__proto__":{"polluted":true}}}'],
  ['a constructor', '{"constructor":{"prototype":{"polluted":true}}}'],
  [
    'values that cannot be converted',
    '{"filter":{"toString":1,"valueOf":1},"step_ms":{"valueOf":1},"from_ms":{},"to_ms":[],"addresses":{"length":1e9},"paused":{}}',
  ],
  ['a toJSON', '{"toJSON":1,"then":1,"length":-1}'],
  ['a placeholder of an attachment', '{"_placeholder":true,"num":0}'],
  ['200 keys', `{${Array.from({ length: 200 }, (_, i) => `"k${i}":${i}`).join()}}`],
];

describe.skipIf(!requireRoot())('frames', () => {
  const loader = attackedLoader();

  /** Opens a WebSocket, with the read-only token unless `isStranger`. */
  async function opened(isStranger = false): Promise<RawWebSocket> {
    const socket = await openWebSocket(loader.port);
    await socket.next();
    if (isStranger) return socket;
    socket.text(CONNECT);
    expect(await socket.nextLike(/^(40|44)/)).toMatch(/^40/);
    return socket;
  }

  async function expectAnswered(socket: RawWebSocket): Promise<void> {
    socket.text(`427${PAUSE}`);
    expect(await socket.nextLike(/^437\[/)).toBe('437[{"ok":true,"value":{"paused":false}}]');
    socket.destroy();
  }

  test('a client of these tests is answered, so what ends below does not end for another reason', async () => {
    await expectAnswered(await opened());
  });

  test.each(BROKEN_FRAMES)('frame with %s: closed', async (_, sent) => {
    for (const isStranger of [true, false]) {
      const socket = await opened(isStranger);
      socket.send(sent);
      await socket.closed;
    }
  });

  test.each(BROKEN_PACKETS)('packet with %s: closed', async (_, text) => {
    const socket = await opened();
    socket.text(text);
    // A parser that waits for an attachment gets text instead.
    socket.text('42["x"]');
    await socket.closed;
  });

  test.each(TOLERATED)('%s: the next request is answered', async (_, sent) => {
    const socket = await opened();
    socket.send(sent);
    await expectAnswered(socket);
  });

  test.each(EVENTS)('event %s with malformed arguments: a typed answer to each', async (event) => {
    for (const [name, json] of ARGUMENTS) {
      const socket = await opened();
      socket.text(`425["${event}",${json}]`);
      const answer = await socket.nextLike(/^435\[/);
      expect(answer, name).toMatch(/^435\[\{"ok":(false,"error":\{"code":"(invalid|forbidden|unavailable)"|true)/);
      expect(answer, name).not.toMatch(/polluted/);
      await expectAnswered(socket);
    }
  });

  test('30,000 bad messages, a thousand every 100 ms: another client receives every row, and the log stays short', async () => {
    const reader = await loader.connected();
    const ledgers: Ledger[] = [];
    reader.on('ledger', (ledger) => void ledgers.push(ledger));
    await reader.emitWithAck('subscribe', { max_rows_per_second: 1_000_000 });
    const bad = [
      ...['42["x"]', '42["subscribe",-1]', '42["rules:add",null]', '42["history:top",{"from_ms":"x"}]', '43[1]'],
      ...['42["names:reverse",{}]', '42["pause",[]]', '42["__proto__"]'],
    ].map((payload) => frame({ payload }));
    const thousand = Buffer.concat(Array.from({ length: 1000 }, (_, i) => bad[i % bad.length] as Buffer));
    const { client, link } = loader.network;
    const traffic = sendUdp(client, { address: link.server.ipv4, count: 3000, perSecond: 1000 });
    const attackers: RawWebSocket[] = [];
    for (let round = 0; round < 30; round++) {
      const next = new Promise((resolve) => setTimeout(resolve, 100));
      const attacker = await opened();
      attacker.send(thousand);
      attackers.push(attacker);
      await next;
    }
    await Promise.all(attackers.map(({ closed }) => closed));
    await traffic;
    await until(() => ledgers.at(-1)?.client.offered === 3000, { what: 'a ledger with every row' });
    expect(ledgers.at(-1)?.client).toMatchObject({ offered: 3000, delivered: 3000, dropped: 0 });
    expect(loader.packetlog.stderr.split('bad message').length).toBeLessThan(40);
  });
});
