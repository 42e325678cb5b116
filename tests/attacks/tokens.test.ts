/** Tokens that are missing, wrong or malformed, and what the read-only token may do. Needs root. */
import { type RulesRequest, type RulesVerb, rulesRequestSchemas } from '@packetlog/common';
import { describe, expect, test } from 'vitest';
import { LAB_ADMIN_TOKEN, LAB_TOKEN } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { attackedLoader } from './attacked-loader.ts';
import { exchange, requestText, SOCKET_PATH, upgradeText } from './raw-http.ts';
import { openWebSocket, type RawWebSocket } from './raw-websocket.ts';

const json = JSON.stringify;
const TOKEN = json(LAB_TOKEN);
const ADMIN = json(LAB_ADMIN_TOKEN);

/** What follows "40", the CONNECT packet. */
const REJECTED: readonly (readonly [name: string, auth: string])[] = [
  ['nothing', ''],
  ['an empty object', '{}'],
  ['an empty token', '{"token":""}'],
  ['null', '{"token":null}'],
  ['a wrong token', `{"token":"${'x'.repeat(LAB_TOKEN.length)}"}`],
  ['all but the last character', `{"token":${json(LAB_TOKEN.slice(0, -1))}}`],
  ['one character more', `{"token":${json(`${LAB_TOKEN}0`)}}`],
  ['capital letters', `{"token":${json(LAB_TOKEN.toUpperCase())}}`],
  ['a space behind it', `{"token":${json(`${LAB_TOKEN} `)}}`],
  ['a NUL behind it', `{"token":${json(`${LAB_TOKEN}\0`)}}`],
  ['a letter that looks alike', `{"token":${json(LAB_TOKEN.replace('a', '\u0430'))}}`],
  ['full-width letters', `{"token":${json(LAB_TOKEN.replace('a', '\uff41'))}}`],
  ['a lone surrogate', `{"token":"${LAB_TOKEN}\\ud800"}`],
  ['a list', `{"token":[${TOKEN}]}`],
  ['an object', `{"token":{"0":"a","length":${LAB_TOKEN.length}}}`],
  ['an object with toString', `{"token":{"toString":${TOKEN}}}`],
  ['a number', '{"token":5}'],
  ['true', '{"token":true}'],
  ['another key', `{"Token":${TOKEN}}`],
  ['a prototype with the token', `{"__proto__":{"token":${TOKEN}}}`],
  ['a constructor with the token', `{"constructor":{"prototype":{"token":${TOKEN}}}}`],
  ['15 kB', `{"token":"${'x'.repeat(15_000)}"}`],
  ['the admin token alone', `{"admin_token":${ADMIN}}`],
  ['the admin token as the token', `{"token":${ADMIN}}`],
  ['the read-only token as the admin token', `{"token":${TOKEN},"admin_token":${TOKEN}}`],
  ['a wrong admin token', `{"token":${TOKEN},"admin_token":"${'x'.repeat(40)}"}`],
  ['an empty admin token', `{"token":${TOKEN},"admin_token":""}`],
  ['a list for the admin token', `{"token":${TOKEN},"admin_token":[${ADMIN}]}`],
  ['true for the admin token', `{"token":${TOKEN},"admin_token":true}`],
];

/** The parser of socket.io, or the check of the first packet, ends the connection. */
const CLOSED: readonly (readonly [name: string, auth: string])[] = [
  ['a text', TOKEN],
  ['a list', `[${TOKEN}]`],
  ['a number', '5'],
  ['no JSON', '{token}'],
  ['60 kB', `{"token":"${'x'.repeat(60_000)}"}`],
  ['100 kB', `{"token":"${'x'.repeat(100_000)}"}`],
  ['10,000 lists in each other', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['another namespace', `/admin,{"token":${TOKEN}}`],
  ['a namespace with a query', `/?token=x,{"token":${TOKEN}}`],
];

const rule = { action: 'deny', source: '198.51.100.0/24' } as const;
/** A valid request of each verb. */
const REQUESTS: { readonly [Verb in RulesVerb]: RulesRequest<Verb> } = {
  list: {},
  add: { rule },
  edit: { id: 1, changes: { reason: 'changed' } },
  add_many: { rules: [rule] },
  remove: { ids: [1] },
  policy: { default_policy: 'deny' },
  import: { set: 'evil', entries: '198.51.100.0/24' },
  apply: { document: { version: 1, rules: [], sets: [] } as never },
  test: { rules: [rule], seconds: 0.05 },
  confirm: {},
  revert: {},
  undo: {},
  redo: {},
  audit: {},
  propose_permits: {},
};
const READ_ONLY = new Set<RulesVerb>(['list', 'test', 'audit', 'propose_permits']);
const VERBS = Object.keys(rulesRequestSchemas) as RulesVerb[];

describe.skipIf(!requireRoot())('tokens', () => {
  const loader = attackedLoader(['--metrics', 'same']);
  const host = () => `Host: localhost:${loader.port}`;

  /** Sends a CONNECT; resolves with its answer, or undefined if the connection is closed without one. */
  async function answerTo(auth: string): Promise<string | undefined> {
    const socket = await openWebSocket(loader.port);
    await socket.next();
    socket.text(`40${auth}`);
    const answer = await socket.next();
    socket.destroy();
    return answer;
  }

  test.each(REJECTED)('%s: unauthorized', async (_, auth) => {
    const answer = await answerTo(auth);
    expect(answer).toMatch(/^44\{.*"code":"unauthorized"/);
    expect(answer).not.toContain(LAB_TOKEN);
    expect(answer).not.toContain(LAB_ADMIN_TOKEN);
  });

  test.each(CLOSED)('%s instead of an object with a token: closed', async (_, auth) => {
    expect((await answerTo(auth)) ?? '44').toMatch(/^44/);
  });

  test('a client with a wrong token is disconnected', async () => {
    const socket = await openWebSocket(loader.port);
    await socket.next();
    socket.text('40{"token":"wrong"}');
    await socket.closed;
  });

  test.each<[string, string[], string]>([
    ['the address', [], `${SOCKET_PATH}&token=${LAB_TOKEN}&auth[token]=${LAB_TOKEN}`],
    ['a cookie', [`Cookie: token=${LAB_TOKEN}; io=${LAB_TOKEN}`], SOCKET_PATH],
    ['Authorization', [`Authorization: Bearer ${LAB_TOKEN}`], SOCKET_PATH],
    ['the subprotocol', [`Sec-WebSocket-Protocol: ${LAB_TOKEN}`], SOCKET_PATH],
  ])('a right token in %s does not count', async (_, lines, target) => {
    const socket = await openWebSocket(loader.port, upgradeText([host(), ...lines], target));
    await socket.next();
    socket.text('40');
    expect(await socket.next()).toMatch(/^44\{.*"code":"unauthorized"/);
  });

  test.each<[string, string[]]>([
    ['none', []],
    ['an empty one', ['Authorization: Bearer ']],
    ['a wrong one', ['Authorization: Bearer xxxxxxxxxxxxxxxxxxxxxxxxx']],
    ['Basic', [`Authorization: Basic ${Buffer.from(`:${LAB_TOKEN}`).toString('base64')}`]],
    ['two', [`Authorization: Bearer x`, `Authorization: Bearer ${LAB_TOKEN}`]],
    ['a list', [`Authorization: Bearer x, ${LAB_TOKEN}`]],
    ['the admin token', [`Authorization: Bearer ${LAB_ADMIN_TOKEN}`]],
    ['a huge one', [`Authorization: Bearer ${'x'.repeat(10_000)}`]],
  ])('metrics with a token that is %s: unauthorized', async (_, lines) => {
    const { status, body } = await exchange(loader.port, requestText('/metrics', [host(), ...lines]));
    expect(status).toBe(401);
    expect(body).not.toMatch(/packetlog_/);
  });

  test('1,000 guesses are counted, most are told to wait, and the right token is accepted at once', async () => {
    let waiting = 0;
    for (let round = 0; round < 50; round++) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => answerTo(`{"token":"guess-${round}-${i}"}`)),
      );
      waiting += answers.filter((answer) => /Too many wrong tokens came from this address/.test(answer ?? '')).length;
      const right = await openReader(loader.port);
      right.destroy();
    }
    expect(waiting).toBeGreaterThan(500);
    const lines = loader.packetlog.stderr.split('\n').filter((line) => /wrong token/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(100);
  });

  test.each(VERBS)('the read-only token: %s', async (verb) => {
    const socket = await loader.connected();
    const answer = await socket.emitWithAck(`rules:${verb}`, REQUESTS[verb] as never);
    expect(answer).toMatchObject(READ_ONLY.has(verb) ? { ok: true } : { ok: false, error: { code: 'forbidden' } });
  });

  test.each(VERBS.filter((verb) => !READ_ONLY.has(verb)))(
    'the read-only token with a request that claims more: %s',
    async (verb) => {
      const claims = {
        admin_token: LAB_TOKEN,
        admin: true,
        mayChange: true,
        who: { name: 'root', via: 'control' },
        force: true,
      };
      const socket = await loader.connected();
      const send = (body: unknown) => socket.emitWithAck(`rules:${verb}`, body as never);
      for (const body of [
        { ...REQUESTS[verb], ...claims },
        { ...REQUESTS[verb], admin_token: LAB_ADMIN_TOKEN },
        JSON.parse(`{"__proto__":${json(claims)}}`),
        [REQUESTS[verb]],
        null,
      ]) {
        expect(await send(body)).toMatchObject({ ok: false, error: { code: 'forbidden' } });
      }
    },
  );

  test('a client with both tokens may change rules, so the rejections above are due to the token', async () => {
    const socket = await loader.connected({ token: LAB_TOKEN, admin_token: LAB_ADMIN_TOKEN });
    const answer = await socket.emitWithAck('rules:edit', { id: 1, changes: { reason: 'changed' } });
    expect(answer).toMatchObject({ ok: false, error: { code: 'not_found' } });
  });
});

/** Resolves with a connection that has sent the read-only token. */
async function openReader(port: number): Promise<RawWebSocket> {
  const socket = await openWebSocket(port);
  await socket.next();
  socket.text(`40${json({ token: LAB_TOKEN })}`);
  expect(await socket.next()).toMatch(/^40\{"sid"/);
  return socket;
}
