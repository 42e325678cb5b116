import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  canonicalJson,
  formatGrant,
  type Generation,
  type JoinToken,
  type NodeRules,
  type ProofPayload,
  type Prove,
} from '@packetlog/common/fleet';
import {
  isSignedBy,
  keyDigest,
  newPrivateKey,
  publicKeyOf,
  readPrivateKey,
  signStatement,
  signText,
} from '@packetlog/hub/signing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FleetState } from '../ipc/fleet/fleet-access.ts';
import { statePaths } from '../rules/store/state-directory.ts';
import { NodeFleet } from './node-fleet.ts';

const URLS = ['https://a.example', 'https://b.example'];
const NONCE = 'n'.repeat(43);
const NOW = 1_800_000_000_000;
const key = readPrivateKey(newPrivateKey());
const publicKey = publicKeyOf(key);
const other = readPrivateKey(newPrivateKey());
const token: JoinToken = { id: 'abcd2345', secret: 's'.repeat(43), hubKeyDigest: keyDigest(publicKey) };
const RULES: NodeRules = { revision: 7 };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-fleet-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function node(joinToken?: JoinToken, urls: readonly string[] = URLS) {
  const received: Generation[] = [];
  const states: FleetState[] = [];
  const failed = vi.fn<(error: unknown) => void>();
  const reports: string[] = [];
  const report = vi.fn<(level: string, message: string) => void>();
  const fleet = new NodeFleet({
    ...{ urls, joinToken, name: 'web1', version: '1', bootId: 'boot' },
    paths: statePaths({ PACKETLOG_STATE_DIR: directory }),
    generations: {
      receive: async (generation) => {
        received.push(generation);
        return RULES;
      },
      confirm: async () => RULES,
      repair: async () => RULES,
      rules: () => RULES,
      begin: () => {},
      rulesChanged: () => {},
    },
    shipments: () => undefined,
    changed: (state) => states.push(state),
    report,
    failed,
    reached: (url) => reports.push(`reached ${url}`),
    unreached: (url, problem) => reports.push(`${url}: ${problem}`),
    now: () => NOW,
  });
  return { fleet, received, states, failed, reports, report };
}

const prove = (fleet: NodeFleet, hub = 0, hubKey = publicKey) =>
  fleet.ask<'prove'>({
    verb: 'prove',
    hub,
    challenge: { protocol: 1, nonce: NONCE, hub_key: hubKey, at_ms: 1 },
  });

function payloadOf({ node: name, public_key, nonce }: Prove): ProofPayload {
  return { node: name, node_key: public_key, hub_key: publicKey, hub_nonce: NONCE, node_nonce: nonce };
}

/** Joins the hub, which calls the node `name`. */
async function joinHub(fleet: NodeFleet, name = 'web1', by = key, hub = 0): Promise<unknown> {
  const proof = await prove(fleet, hub);
  if (!proof.ok) return proof;
  const signature = signText('hub-proof', canonicalJson(payloadOf(proof.value)), by);
  return await fleet.ask<'welcome'>({ verb: 'welcome', hub, node: name, group: 'web', signature });
}

const grant = (changes: object = {}, by = key) =>
  formatGrant(
    signStatement(
      'grant',
      { node: 'web1', person: 'ann', may_change: true, expires_at_ms: NOW + 1000, nonce: NONCE, ...changes },
      by,
    ),
  );

describe('a node of a fleet', () => {
  it('proves its key, with the join token until it has joined', async () => {
    const { fleet } = node(token);
    const first = await prove(fleet);
    if (!first.ok) throw new Error(first.error.message);
    expect(first.value).toMatchObject({ node: 'web1', join_token: expect.stringContaining(token.id) });
    const signed = canonicalJson(payloadOf(first.value));
    expect(isSignedBy('node-proof', signed, first.value.signature, first.value.public_key)).toBe(true);
    expect(await joinHub(fleet)).toEqual({ ok: true, value: { node: 'web1' } });
    const again = await prove(fleet);
    expect(again).toMatchObject({ ok: true, value: { public_key: first.value.public_key } });
    expect(again.ok && 'join_token' in again.value).toBe(false);
  });

  it('keeps its key, readable for its owner only, and the name that the hub gave it', async () => {
    const { fleet } = node(token);
    await joinHub(fleet, 'renamed');
    const path = join(directory, 'fleet/node-key.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path, 'utf8');
    expect(await prove(node().fleet)).toMatchObject({ ok: true, value: { node: 'renamed' } });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('accepts another hub of the same fleet without a token', async () => {
    await joinHub(node(token).fleet);
    expect(await joinHub(node().fleet, 'web1', key, 1)).toMatchObject({ ok: true });
  });

  it('rejects a hub without a token, of another token, or with another key than before', async () => {
    const code = (answer: unknown) => (answer as { error?: { code: string } }).error?.code;
    expect(code(await prove(node().fleet))).toBe('no_join_token');
    expect(code(await prove(node(token).fleet, 0, publicKeyOf(other)))).toBe('wrong_hub');
    await joinHub(node(token).fleet);
    const answer = await prove(node(token).fleet, 0, publicKeyOf(other));
    expect(answer).toMatchObject({ error: { message: expect.stringContaining('another key') } });
    // A token of the new hub permits to join it.
    const renewed = { ...token, id: 'zzzz2345', hubKeyDigest: keyDigest(publicKeyOf(other)) };
    expect(await prove(node(renewed).fleet, 0, publicKeyOf(other))).toMatchObject({ ok: true });
  });

  it('does not join a hub that has only the public key', async () => {
    const { fleet, states } = node(token);
    expect(await joinHub(fleet, 'web1', other)).toMatchObject({ ok: false, error: { code: 'wrong_signature' } });
    expect(fleet.state().known).toEqual([]);
    expect(states).toEqual([]);
  });

  it('checks each welcome against the proof before it, once', async () => {
    const { fleet } = node(token);
    const first = await prove(fleet);
    if (!first.ok) throw new Error(first.error.message);
    const signature = signText('hub-proof', canonicalJson(payloadOf(first.value)), key);
    const welcome = { verb: 'welcome', hub: 0, node: 'web1', group: 'web', signature } as const;
    expect(await fleet.ask<'welcome'>(welcome)).toMatchObject({ ok: true });
    expect(await fleet.ask<'welcome'>(welcome)).toMatchObject({ ok: false });
    await prove(fleet);
    expect(await fleet.ask<'welcome'>(welcome)).toMatchObject({ ok: false, error: { code: 'wrong_signature' } });
  });

  it('knows whom a grant of its hub admits, and until when', async () => {
    const { fleet } = node(token);
    expect(fleet.granted(grant())).toBeUndefined();
    await joinHub(fleet);
    expect(fleet.granted(grant())).toEqual({ person: 'ann', mayChange: true });
    expect(fleet.granted(grant({ may_change: false }))).toEqual({ person: 'ann', mayChange: false });
    const hour = 60 * 60 * 1000;
    for (const text of [
      grant({}, other),
      grant({ node: 'web2' }),
      grant({ expires_at_ms: NOW - hour }),
      grant({ expires_at_ms: NOW + 13 * hour }),
      'plg1.x.y',
      '',
    ]) {
      expect(fleet.granted(text)).toBeUndefined();
    }
    // A hub that is no longer named in the options has no say.
    expect(node(undefined, ['https://b.example']).fleet.granted(grant())).toBeUndefined();
  });

  it('joins the parts of a generation, and passes on only what its hub signed', async () => {
    const { fleet, received, report } = node(token);
    await joinHub(fleet);
    const generation = {
      ...{ group: 'web', number: 1, hash: `sha256:${'0'.repeat(64)}`, by: 'ann', at_ms: 1, note: '' },
      rules: { rules: [], lists: {} },
    };
    const send = async (by: typeof key, order: readonly number[]) => {
      const { payload, signature } = signStatement('generation', generation, by);
      const middle = Math.floor(payload.length / 2);
      const pieces = [payload.slice(0, middle), payload.slice(middle)];
      let last: unknown;
      for (const part of order) {
        const each = { part, parts: 2, payload: pieces[part] ?? '', signature };
        last = await fleet.ask<'generation'>({ verb: 'generation', hub: 0, ...each });
      }
      return last;
    };
    expect(await send(key, [0])).toEqual({ ok: true, value: undefined });
    expect(await send(key, [0, 1])).toEqual({ ok: true, value: RULES });
    expect(received).toEqual([generation]);
    expect(await send(other, [0, 1])).toMatchObject({ ok: false, error: { code: 'wrong_signature' } });
    expect(report).toHaveBeenCalledWith('warning', expect.stringContaining('no hub that this node joined'));
    expect(await send(key, [1])).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(await send(key, [0, 0])).toEqual({ ok: true, value: undefined });
    expect(received).toHaveLength(1);
  });

  it('tells where its hubs are, and what keeps it from them', () => {
    const { fleet } = node(token);
    const problem = 'no route to host';
    fleet.exchanged([
      { hub: 0, heard_at_ms: 5, problem: null, address: '192.0.2.1' },
      { hub: 1, heard_at_ms: null, problem, address: null },
      { hub: 9, heard_at_ms: 1, problem, address: '192.0.2.9' },
    ]);
    expect(fleet.addresses()).toEqual(['192.0.2.1']);
    const status = [
      { url: URLS[0], heard_at_ms: 5, problem: null },
      { url: URLS[1], heard_at_ms: null, problem },
    ];
    expect(fleet.status()).toEqual(status);
    fleet.exchanged([]);
    expect(fleet.addresses()).toEqual([]);
    expect(fleet.status()).toEqual(status);
  });

  it('reports each problem with a hub once, and that the hub is reached again', () => {
    const { fleet, reports } = node(token);
    const exchange = { hub: 0, heard_at_ms: 5, problem: null, address: '192.0.2.1' };
    const lost = { ...exchange, problem: 'no answer', address: null };
    for (const each of [exchange, exchange, lost, lost, { ...exchange, address: null }, exchange])
      fleet.exchanged([each]);
    expect(reports).toEqual([`reached ${URLS[0]}`, `${URLS[0]}: no answer`, `reached ${URLS[0]}`]);
  });

  it('does not start with a damaged key or list of hubs, and says what to do', async () => {
    await joinHub(node(token).fleet);
    for (const name of ['node-key.pem', 'hubs.json']) {
      const path = join(directory, 'fleet', name);
      const before = readFileSync(path);
      writeFileSync(path, 'damaged');
      expect(() => node()).toThrow(/Restore the file from a backup/);
      writeFileSync(path, before);
    }
    expect(() => node()).not.toThrow();
  });
});
