import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type NodeReport, nodeReportSchema } from '@packetlog/common/fleet';
import { newPrivateKey, readPrivateKey, signStatement } from '@packetlog/hub/signing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CertificatePlace, makeCertificatePlace } from '../../test/support/certificates.ts';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { type FakeHub, type FakeHubOptions, fakeHub, SESSION_TOKEN } from '../../test/support/fake-hub.ts';
import { type NodeOfHub, type NodeOptions, nodeOf } from '../../test/support/node-with-hub.ts';
import { ledger } from '../../test/support/server-fixture.ts';
import { GENERATION_PART_CHARACTERS } from '../ipc/fleet/fleet-access.ts';

const WAIT = { timeout: 20_000, interval: 10 };
const open: { close(): unknown }[] = [];
let certificates: CertificatePlace | undefined;
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  certificates?.remove();
  certificates = undefined;
});

async function hubOf(options?: FakeHubOptions): Promise<FakeHub> {
  const hub = await fakeHub(options);
  open.push(hub);
  return hub;
}

function start(hub: FakeHub, options?: NodeOptions, directory?: string): NodeOfHub {
  const node = nodeOf(hub, options, directory);
  open.push(node);
  return node;
}

const problemOf = (node: NodeOfHub, hub = 0) => node.fleet.status()[hub]?.problem;
const untilProblem = (node: NodeOfHub, text: string) => vi.waitFor(() => expect(problemOf(node)).toContain(text), WAIT);
const untilReport = (hub: FakeHub) => vi.waitFor(() => expect(hub.reports.length).toBeGreaterThan(0), WAIT);

describe('a node that dials its hub', () => {
  it('joins, reports at once and then in the rhythm of the hub', async () => {
    const hub = await hubOf({ reportMs: 600_000 });
    const node = start(hub);
    await untilReport(hub);
    expect(hub.proofs).toHaveLength(1);
    expect(nodeReportSchema.parse(hub.reports[0])).toMatchObject({ version: '0.0.0', rules: { revision: 1 } });
    expect(problemOf(node)).toBeNull();
    expect(node.fleet.addresses()).toEqual(['127.0.0.1']);
    hub.sockets[0]?.emit('rhythm', { report_ms: 100 });
    await vi.waitFor(() => expect(hub.reports.length).toBeGreaterThan(3), WAIT);
  });

  it('reports what the loader counted since the report before', async () => {
    const hub = await hubOf({ reportMs: 600_000 });
    const node = start(hub);
    await untilReport(hub);
    const counters = {
      ...{ seen: 10, permitted: 7, denied: 2, aborted: 1, emitted: 9, bytes: 100, denied_bytes: 20 },
      ...{ sampled_out: 0, filtered_out: 0, ring_full: 1 },
    };
    const eth0 = { name: 'eth0', ifindex: 2, mode: 'generic', state: 'attached', counters } as const;
    const summary = {
      ...emptySummary,
      total: { packets: 5, bytes: 50 },
      by_action: { aborted: 0, deny: 1, permit: 4 },
      top_sources: [{ addr: '192.0.2.1', packets: 5, bytes: 50 }],
      top_ports: [{ ip_protocol: 6, port: 443, packets: 5, bytes: 50 }],
    };
    node.uplink.notice({ at_ms: 1, level: 'info', code: 'pinned', message: 'No alarm.' });
    node.uplink.notice({ at_ms: 2, level: 'error', code: 'loss_began', message: 'Records are lost.' });
    for (let i = 0; i < 2; i++)
      node.uplink.second({ ...ledger, interfaces: [eth0, { ...eth0, name: 'eth1' }] }, summary);
    hub.sockets[0]?.emit('rhythm', { report_ms: 100 });
    await vi.waitFor(() => expect(hub.reports.length).toBeGreaterThan(1), WAIT);
    const report = hub.reports[1] as NodeReport;
    expect(report).toMatchObject({
      ...{ packets: 10, bytes: 100, denied: 2 },
      top_sources: [{ addr: '192.0.2.1', packets: 10, bytes: 100 }],
      top_ports: [{ ip_protocol: 6, port: 443, packets: 10, bytes: 100 }],
      ledger: { seen: 20, permitted: 14, denied: 4, aborted: 2, sampled_out: 0, filtered_out: 0, ring_full: 2 },
      interfaces: [{ name: 'eth0', mode: 'generic', state: 'attached' }, { name: 'eth1' }],
      alarm: { level: 'error', code: 'loss_began', at_ms: 2 },
      recorder: 'off',
    });
    await vi.waitFor(() => expect(hub.reports.length).toBeGreaterThan(2), WAIT);
    expect(hub.reports[2]).toMatchObject({ packets: 0, top_sources: [], ledger: { seen: 20 } });
  });

  it('comes back, without its token, after the hub was killed', async () => {
    const privateKey = newPrivateKey();
    const hub = await hubOf({ privateKey });
    const node = start(hub);
    await untilReport(hub);
    await hub.close();
    await vi.waitFor(() => expect(problemOf(node)).not.toBeNull(), WAIT);
    const again = await hubOf({ privateKey, port: hub.port });
    await untilReport(again);
    expect(again.proofs[0]).not.toHaveProperty('join_token');
    expect(again.proofs[0]?.public_key).toBe(hub.proofs[0]?.public_key);
    await vi.waitFor(() => expect(problemOf(node)).toBeNull(), WAIT);
  });

  it('goes when the hub asks for it, and comes back within the time that it gave', async () => {
    const hub = await hubOf();
    const node = start(hub);
    await untilReport(hub);
    hub.sockets[0]?.emit('leave', { message: 'The hub ends.', within_ms: 50 });
    await vi.waitFor(() => expect(hub.proofs).toHaveLength(2), WAIT);
    expect(problemOf(node)).toBeNull();
  });

  it('tells each rejection with its next step, and repeats slowly', async () => {
    const hub = await hubOf();
    hub.answer = () => ({ ok: false, error: { code: 'revoked', message: 'The key was revoked. Use a new token.' } });
    const node = start(hub);
    await untilProblem(node, 'The key was revoked. Use a new token.');
    expect(hub.reports).toEqual([]);
  });

  it('tries again when the hub says so', async () => {
    const hub = await hubOf();
    hub.answer = () => ({ ok: false, error: { code: 'full', message: 'Full.', retry_after_ms: 10 } });
    const node = start(hub);
    await vi.waitFor(() => expect(hub.proofs.length).toBeGreaterThan(2), WAIT);
    hub.answer = (value) => ({ ok: true, value });
    await untilReport(hub);
    await vi.waitFor(() => expect(problemOf(node)).toBeNull(), WAIT);
  });

  it.each<[string, (hub: FakeHub) => void, string]>([
    [
      'has another key than the token',
      (hub) => Object.assign(hub, { challenge: (c: object) => ({ ...c, hub_key: 'A'.repeat(43) }) }),
      'another hub',
    ],
    [
      'speaks another version',
      (hub) => Object.assign(hub, { challenge: (c: object) => ({ ...c, protocol: 2 }) }),
      'version 2 of the protocol',
    ],
    [
      'proves another key',
      (hub) =>
        Object.assign(hub, { answer: (w: object) => ({ ok: true, value: { ...w, signature: 'A'.repeat(86) } }) }),
      'did not prove',
    ],
    [
      'sends nonsense',
      (hub) => Object.assign(hub, { answer: () => ({ ok: true, value: {} }) }),
      'welcome is malformed',
    ],
  ])('does not use a hub that %s', async (_, change, text) => {
    const hub = await hubOf();
    change(hub);
    const node = start(hub);
    await untilProblem(node, text);
    expect(hub.reports).toEqual([]);
    expect(node.fleet.state().known).toEqual([]);
  });

  it('uses two hubs at the same time', async () => {
    const privateKey = newPrivateKey();
    const [first, second] = [await hubOf({ privateKey }), await hubOf({ privateKey })];
    const node = start(first, { urls: [first.url, second.url] });
    await Promise.all([untilReport(first), untilReport(second)]);
    expect(node.fleet.state().known).toHaveLength(2);
    expect(node.uplink.sessions.size).toBe(2);
  });

  it('says what to do when nothing listens there', async () => {
    const hub = await hubOf();
    await hub.close();
    await untilProblem(start(hub), 'nothing listens there. Start the hub');
  });
});

describe('the TLS certificate of a hub', () => {
  async function secured() {
    certificates = makeCertificatePlace();
    const { pem, cert } = certificates.make('hub');
    const hub = await hubOf({ tls: pem });
    const fingerprint = new X509Certificate(pem.cert).fingerprint256.replaceAll(':', '').toLowerCase();
    return { hub, fingerprint, ca: readFileSync(cert, 'utf8') };
  }

  it('is accepted by its fingerprint or its authority', async () => {
    const { hub, fingerprint, ca } = await secured();
    start(hub, { trust: { fingerprints: ['0'.repeat(64), fingerprint] } });
    await untilReport(hub);
    start(hub, { trust: { ca }, name: 'web2' });
    await vi.waitFor(() => expect(hub.proofs.map(({ node }) => node)).toContain('web2'), WAIT);
  });

  it('is rejected otherwise, before anything is sent', async () => {
    const { hub } = await secured();
    const other = makeCertificatePlace();
    open.push({ close: () => other.remove() });
    const { pem } = other.make('other');
    await untilProblem(start(hub), 'no trusted authority signed its TLS certificate. Name the authority with --hub-ca');
    await untilProblem(
      start(hub, { trust: { fingerprints: ['0'.repeat(64)] } }),
      'which --hub-fingerprint does not name',
    );
    await untilProblem(start(hub, { trust: { ca: pem.cert } }), 'no trusted authority');
    expect(hub.sockets).toEqual([]);
  });
});

describe('what a hub asks of a node', () => {
  async function joined(options?: NodeOptions) {
    const privateKey = newPrivateKey();
    const hub = await hubOf({ privateKey, reportMs: 600_000 });
    const node = start(hub, options);
    await untilReport(hub);
    const socket = hub.sockets[0];
    if (socket === undefined) throw new Error('no connection');
    const generation = (note: string, by = privateKey) =>
      signStatement(
        'generation',
        {
          ...{ group: 'default', number: 3, hash: `sha256:${'0'.repeat(64)}`, by: 'ann', at_ms: 1, note: 'a note' },
          rules: { rules: [], lists: { bad: note } },
        },
        readPrivateKey(by),
      );
    return { hub, node, socket: socket.timeout(20_000), emit: socket, generation };
  }

  it('passes a generation on to the core, in parts where it is long', async () => {
    const { node, socket, generation } = await joined();
    const note = 'x'.repeat(3 * GENERATION_PART_CHARACTERS);
    expect(await socket.emitWithAck('generation', generation(note))).toMatchObject({
      answer: { number: 3, state: 'in_force' },
    });
    expect(node.received[0]?.rules.lists).toEqual({ bad: note });
  });

  it('answers for a generation that another key signed that it failed', async () => {
    const { node, socket, generation } = await joined();
    expect(await socket.emitWithAck('generation', generation('x', newPrivateKey()))).toEqual({
      revision: 1,
      answer: { number: 3, state: 'failed', code: 'wrong_signature', message: expect.stringContaining('not signed') },
    });
    expect(node.received).toEqual([]);
  });

  it('confirms and repairs', async () => {
    const { socket } = await joined();
    expect(await socket.emitWithAck('confirm', { group: 'default', number: 3 })).toMatchObject({
      answer: { number: 3, state: 'in_force' },
    });
    expect(await socket.emitWithAck('repair')).toMatchObject({ drift: [] });
  });

  it('tells the hub at once that the rules have changed, but not more often than once a second', async () => {
    const { hub, node } = await joined();
    for (let revision = 2; revision < 50; revision++) node.rules = { revision };
    await vi.waitFor(() => expect(hub.rules.at(-1)).toEqual({ revision: 49 }), WAIT);
    expect(hub.rules.length).toBeLessThan(5);
  });

  it('answers questions, a limited number at once, and no others', async () => {
    const { node, socket } = await joined();
    expect(await socket.emitWithAck('ask', { event: 'rules:list', request: {} })).toEqual({
      ok: true,
      value: 'rules:list',
    });
    expect(node.asked).toEqual([['rules:list', {}]]);
    const other = { event: 'past:bookmark', request: {} };
    expect(await socket.emitWithAck('ask', other as never)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => socket.emitWithAck('ask', { event: 'past:facts', request: {} })),
    );
    expect(answers.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(8);
  });

  it('dials a relay with its session token, and serves on it', async () => {
    const { hub, node, emit } = await joined();
    const id = 'r'.repeat(43);
    emit.emit('relay', { id });
    await vi.waitFor(() => expect(hub.upgrades).toHaveLength(1), WAIT);
    const [{ request, socket }] = hub.upgrades as [FakeHub['upgrades'][number]];
    open.push({ close: () => socket.destroy() });
    expect(request.url).toBe(`/relay/${id}`);
    expect(request.headers).toMatchObject({ authorization: `Bearer ${SESSION_TOKEN}`, upgrade: 'packetlog-relay' });
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: packetlog-relay\r\n\r\nGET /');
    await vi.waitFor(() => expect(node.served).toHaveLength(1), WAIT);
    const [served] = node.served;
    open.push({ close: () => served?.destroy() });
    const first = await new Promise((resolve) => served?.once('data', (bytes: Buffer) => resolve(bytes.toString())));
    expect(first).toBe('GET /');
  });

  it('logs why a relay could not be opened', async () => {
    const { hub, node, emit } = await joined();
    emit.emit('relay', { id: 'r'.repeat(43) });
    await vi.waitFor(() => expect(hub.upgrades).toHaveLength(1), WAIT);
    hub.upgrades[0]?.socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    await vi.waitFor(() => expect(JSON.stringify(node.warnings)).toContain('HTTP status 404'), WAIT);
    expect(node.served).toEqual([]);
  });
});
