/**
 * Generations on a node with a real kernel. The test is the hub: a script in place of the server process passes its messages
 * to the core, which trusts neither. Needs root.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canonicalJson, formatJoinToken, type NodeRules, type Signed } from '@packetlog/common/fleet';
import { keyDigest, newPrivateKey, publicKeyOf, readPrivateKey, signStatement, signText } from '@packetlog/hub/signing';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { done, listed, makeRulesPlace, type RulesPlace, rulesDone } from '../e2e/rules-command.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { untilArrived } from '../lab/arrival.ts';
import { replaceServer, withLoaderCopy } from '../lab/loader-copy.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp, type UdpReceiver } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const HUB_MESSAGES = fileURLToPath(new URL('./hub-messages.cjs', import.meta.url));
const LISTEN = '127.0.0.1:7411';
const NONCE = 'n'.repeat(43);
const PROTECTED = '203.0.113.9';
/** Has the client's address, and not the protected one. Wider than /8: risky. */
const WIDE = '192.0.0.0/7';
/** Longer than the steps until the loader is killed take on a busy machine. */
const CONFIRM_WITHIN = '20s';
const REQUEST = `
const [path, body] = process.argv.slice(1);
const answer = await fetch('http://${LISTEN}' + path, body === undefined ? {} : { method: 'POST', body });
console.log(await answer.text());`;

const key = readPrivateKey(newPrivateKey());
const hubKey = publicKeyOf(key);

interface Answer {
  readonly ok: boolean;
  readonly value?: never;
  readonly error?: { readonly code: string };
}

function signed(number: number, rules: object, more: object = {}, by = key): Signed {
  const content = { rules: [], lists: {}, ...rules };
  const hash = `sha256:${createHash('sha256').update(canonicalJson(content)).digest('hex')}`;
  const facts = { group: 'web', number, hash, by: 'ann', at_ms: 1, note: 'test', rules: content };
  return signStatement('generation', { ...facts, ...more }, by);
}

describe.skipIf(!requireRoot())('a generation on a node', () => {
  const copy = withLoaderCopy();
  beforeAll(() => replaceServer(copy, HUB_MESSAGES));
  const suite = eachWithNetwork();
  let pins: PinPlace;
  let place: RulesPlace;
  let packetlog: LabProcess;
  let receiver: UdpReceiver;
  beforeEach(async () => {
    pins = await createPinPlace();
    place = makeRulesPlace();
  });
  afterEach(async () => {
    // Before the pins are removed: the program ends with them.
    await packetlog.dispose();
    await pins.dispose();
    place.remove();
  });

  const HUB = ['--hub', 'http://127.0.0.1:7412', '--node-name', 'web1'];

  async function start(...more: string[]): Promise<void> {
    const args = [
      ...['--iface', 'server0', '--print', 'none', '--listen', LISTEN, '--ui', 'off', '--protect', PROTECTED],
      ...['--confirm-within', CONFIRM_WITHIN],
    ];
    const env = { ...place.env, PACKETLOG_PIN: 'always', PACKETLOG_BPFFS: pins.path, PACKETLOG_MODE: 'native' };
    const command = [copy.packetlog, 'run', ...args, ...more];
    packetlog = suite.own(startProcess(suite.network.server, copy.node, command, env));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
  }

  async function request<T>(path: string, body?: object): Promise<T> {
    const argument = body === undefined ? [] : [JSON.stringify(body)];
    const script = ['--input-type=module', '-e', REQUEST, path, ...argument];
    return JSON.parse(await suite.network.server.exec(process.execPath, ...script)) as T;
  }
  const ask = <T = Answer>(question: object) => request<T>('/ask', { hub: 0, ...question });
  const told = async () => (await request<{ rules: NodeRules }>('/state')).rules;

  async function join(): Promise<void> {
    await start(
      ...HUB,
      '--hub-token',
      formatJoinToken({ id: 'abcd2345', secret: 's'.repeat(43), hubKeyDigest: keyDigest(hubKey) }),
    );
    const challenge = { protocol: 1, nonce: NONCE, hub_key: hubKey, at_ms: 1 };
    const { value } = await ask<{ value: { node: string; public_key: string; nonce: string } }>({
      verb: 'prove',
      challenge,
    });
    const payload = { node: value.node, node_key: value.public_key, hub_key: hubKey };
    const nonces = { hub_nonce: NONCE, node_nonce: value.nonce };
    const signature = signText('hub-proof', canonicalJson({ ...payload, ...nonces }), key);
    expect(await ask({ verb: 'welcome', node: 'web1', group: 'web', signature })).toMatchObject({ ok: true });
    receiver = await receiveUdp(suite.network.server, suite.network.link.server.ipv4);
  }

  const send = (generation: Signed) =>
    ask<{ value?: NodeRules; error?: object }>({ verb: 'generation', part: 0, parts: 1, ...generation });

  async function status(): Promise<string> {
    const command = startPacketlog(suite.network.server, { args: ['status'], env: place.env });
    await command.exited;
    return command.stdout;
  }

  /** Sends ten packets; resolves with how many of them the receiver got. */
  async function passing(): Promise<number> {
    const { client, link } = suite.network;
    const { received: before } = await receiver.received();
    const { rx } = await link.server.counters();
    await sendUdp(client, { address: link.server.ipv4, count: 10, ports: [receiver.port] });
    await untilArrived(link.server, rx.packets + 10);
    // A packet that passed is in the socket now. The receiver reads the socket between two answers.
    await receiver.received();
    return (await receiver.received()).received - before;
  }

  const denyClient = () => ({ action: 'deny', source: suite.network.link.client.ipv4, reason: 'fleet' });

  test('is in force, is repaired, is there after a restart, and is rejected if it must be', async () => {
    await join();
    expect(await passing()).toBe(10);
    const first = await send(signed(5, { rules: [denyClient()] }));
    expect(first.value).toMatchObject({
      generation: { group: 'web', number: 5 },
      answer: { number: 5, state: 'in_force' },
    });
    expect(await told()).toEqual(first.value);
    expect(await passing()).toBe(0);
    await until(async () => (await listed(place)).rules[0]?.packets === 10, { what: 'ten packets to be denied' });
    expect((await listed(place)).rules).toMatchObject([{ id: 1, group: 'web', created_by: 'ann via hub' }]);

    const lockout = await send(signed(6, { rules: [denyClient(), { action: 'deny', source: PROTECTED }] }));
    expect(lockout.value).toMatchObject({ generation: { number: 5 }, answer: { state: 'rejected', code: 'lockout' } });
    const forged = await send(signed(7, {}, {}, readPrivateKey(newPrivateKey())));
    expect(forged.error).toMatchObject({ code: 'wrong_signature' });
    expect((await send(signed(7, {}, { group: 'db' }))).value?.answer).toMatchObject({ code: 'wrong_group' });
    expect((await send(signed(4, {}))).value?.answer).toMatchObject({ number: 4, state: 'rejected', code: 'replay' });
    for (const logged of [
      /no hub that this node joined/,
      /6 of web is rejected/,
      /7 of db is rejected/,
      /4 of web is rejected/,
    ]) {
      expect(packetlog.stderr).toMatch(logged);
    }
    expect(await status()).toMatch(/^Fleet: +generation 5 of web in force; generation 4 rejected \(replay\)$/m);
    expect(await passing()).toBe(0);

    await done(place, 'remove', { ids: [1] });
    await until(async () => (await told()).drift !== undefined, { what: 'drift' });
    expect((await told()).drift).toEqual([`rule deny ${suite.network.link.client.ipv4}, because: fleet is missing`]);
    expect(await passing()).toBe(10);
    const repaired = await ask<{ value: NodeRules }>({ verb: 'repair' });
    expect(repaired.value).not.toHaveProperty('drift');
    expect(await passing()).toBe(0);

    await packetlog.end('SIGTERM');
    await start(...HUB);
    expect(await told()).toMatchObject({ generation: { group: 'web', number: 5 } });
    expect(await told()).not.toHaveProperty('drift');
    expect(await passing()).toBe(0);
    expect((await send(signed(8, {}))).value).toMatchObject({ generation: { number: 8 } });
    expect(await passing()).toBe(10);
  });

  test('that is risky reverts by the kernel’s clock if the loader was killed; confirmed, it stays', async () => {
    await join();
    const risky = signed(1, { rules: [{ action: 'deny', source: WIDE }] });
    const { value } = await send(risky);
    expect(value?.answer).toMatchObject({ number: 1, state: 'waiting', pending_until_ms: expect.any(Number) });
    expect(value).not.toHaveProperty('generation');
    await packetlog.end('SIGKILL');
    expect(await passing()).toBe(0);
    await until(async () => (await passing()) > 0, { what: 'the kernel to end the generation', deadlineMs: 60_000 });
    expect(Date.now()).toBeGreaterThanOrEqual(value?.answer?.pending_until_ms ?? Number.POSITIVE_INFINITY);

    await start(...HUB);
    expect(await told()).toMatchObject({ answer: { number: 1, state: 'rejected', code: 'not_confirmed' } });
    expect((await send(risky)).value?.answer?.state).toBe('waiting');
    const confirmed = await ask<{ value: NodeRules }>({ verb: 'confirm', group: 'web', number: 1 });
    expect(confirmed.value).toMatchObject({ generation: { number: 1 }, answer: { number: 1, state: 'in_force' } });
    expect(await passing()).toBe(0);
    expect(readdirSync(place.path('fleet'))).toContain('generation.json');

    // The node leaves its fleet: the rules stay until they are removed.
    await packetlog.end('SIGTERM');
    await start();
    expect(await rulesDone(suite.network.server, place, 'list')).toContain('fleet: web, ann via hub');
    expect(await passing()).toBe(0);
    await rulesDone(suite.network.server, place, 'remove', '--group', 'web');
    expect(await passing()).toBe(10);
  });
});
