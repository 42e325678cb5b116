/** People use nodes through a hub, as they would directly: rows, rules, and what happens when a side ends. Needs root. */

import { readFileSync } from 'node:fs';
import type { Socket as NetSocket } from 'node:net';
import { connect } from '@packetlog/client';
import { BATCH_HEADER_SIZE, PacketLogBatch, PROTOCOL_VERSION } from '@packetlog/common';
import { type HubLedger, nodePath, type Role } from '@packetlog/common/fleet';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { eachWithNetwork } from '../e2e/suite.ts';
import { untilArrived } from '../lab/arrival.ts';
import { makeCertificatePlace } from '../lab/certificate.ts';
import { LAB_TOKEN, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { forwardPort, receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { type LabHub, type LabNode, removeFleetDirectories, startHub, startNode } from '../support/fleet.ts';

const PORT = 4711;
const SENT = 5000;
/** More than the buffers of two sockets and of the hub take: 64 bytes each. */
const FLOOD = 300_000;

describe.skipIf(!requireRoot())('a relay', () => {
  const suite = eachWithNetwork({ links: 2 });
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    removeFleetDirectories();
  });

  const untilHeard = (hub: LabHub, ...names: string[]) =>
    hub.untilNodes(
      (nodes) => names.every((name) => nodes.some((node) => node.name === name && node.heard_at_ms !== null)),
      `reports of ${names.join(', ')}`,
    );

  async function start(): Promise<{ hub: LabHub; url: string; nodes: LabNode[] }> {
    const { server, links } = suite.network;
    const hub = await startHub(suite, server);
    const token = await hub.joinToken('--uses', '2');
    const nodes: LabNode[] = [];
    for (const [i, link] of links.entries()) {
      nodes.push(await startNode(suite, link.server, [hub], { name: `web${i + 1}`, token }));
    }
    await untilHeard(hub, 'web1', 'web2');
    const forward = await forwardPort(server, hub.port);
    closers.push(() => forward.close());
    return { hub, url: `http://127.0.0.1:${hub.port}`, nodes };
  }

  async function personOf(hub: LabHub, person: string, role: Role): Promise<string> {
    const answer = await hub.ask('person_add', { person, role });
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value.token;
  }

  /** A client that gets the rows of PORT. */
  async function receiver(url: string, token: string, path = '/socket.io/') {
    const auth = { token, protocol: PROTOCOL_VERSION };
    const socket: Socket = io(url, { path, auth, transports: ['websocket'], forceNew: true, reconnection: false });
    closers.push(() => socket.disconnect());
    const records: Buffer[] = [];
    const it = { socket, records, rows: 0, withheld: 0, ledger: undefined as Seen | undefined };
    socket.on('packets', (bytes: Buffer) => {
      const batch = PacketLogBatch.from(bytes);
      records.push(bytes.subarray(BATCH_HEADER_SIZE));
      it.rows += batch.length;
      it.withheld = batch.withheld;
    });
    socket.on('ledger', (ledger: Seen) => {
      it.ledger = ledger;
    });
    await new Promise((resolve, reject) => {
      socket.once('hello', resolve);
      socket.once('connect_error', reject);
    });
    const subscription = { filter: `udp dst port ${PORT}`, max_rows_per_second: 1_000_000 };
    expect(await socket.emitWithAck('subscribe', subscription)).toMatchObject({ ok: true });
    return it;
  }
  interface Seen {
    readonly client: {
      readonly offered: number;
      readonly delivered: number;
      readonly withheld: number;
      readonly pending: number;
    };
    readonly hub?: HubLedger;
  }

  test('passes on the rows byte for byte, and the sums are equal', async () => {
    const { hub, url, nodes } = await start();
    const { client, server, link } = suite.network;
    const [, port] = (await nodes[0]?.process.untilPrinted(/http:\/\/[^:]+:(\d+)/)) ?? [];
    const forward = await forwardPort(server, Number(port));
    closers.push(() => forward.close());
    const direct = await receiver(`http://127.0.0.1:${port}`, LAB_TOKEN);
    const ann = await personOf(hub, 'ann', { kind: 'look' });
    const relayed = await receiver(url, ann, `${nodePath('web1')}socket.io/`);
    const { sent } = await sendUdp(client, { address: link.server.ipv4, ports: [PORT], count: SENT });
    await untilArrived(link.server, sent);
    for (const each of [direct, relayed]) {
      await until(() => each.rows === sent && each.ledger?.client.delivered === sent, {
        what: 'all rows, and the ledger of them',
        evidence: () => JSON.stringify([each.rows, each.ledger]),
      });
    }
    expect(Buffer.concat(relayed.records).equals(Buffer.concat(direct.records))).toBe(true);
    expect(direct.ledger?.hub).toBeUndefined();
    expect(relayed.ledger?.hub).toEqual({ received: sent, sent, withheld: 0 });
    // The other node has rows of its own.
    const other = await receiver(url, ann, `${nodePath('web2')}socket.io/`);
    const [, second] = suite.network.links;
    await sendUdp(client, { address: second?.server.ipv4 ?? '', ports: [PORT], count: 10 });
    await until(() => other.rows === 10, { what: 'the rows of the other node' });
    expect(relayed.rows).toBe(sent);
  });

  test('withholds rows from a person who does not read, and counts them to the last one', async () => {
    const { hub, url, nodes } = await start();
    const { client, server, link } = suite.network;
    const [, port] = (await nodes[0]?.process.untilPrinted(/http:\/\/[^:]+:(\d+)/)) ?? [];
    const forward = await forwardPort(server, Number(port));
    closers.push(() => forward.close());
    const witness = await receiver(`http://127.0.0.1:${port}`, LAB_TOKEN);
    const slow = await receiver(url, await personOf(hub, 'ann', { kind: 'look' }), `${nodePath('web1')}socket.io/`);
    const { transport } = slow.socket.io.engine as unknown as { transport: { ws: { _socket: NetSocket } } };
    transport.ws._socket.pause();
    const { sent } = await sendUdp(client, { address: link.server.ipv4, ports: [PORT], count: FLOOD });
    await untilArrived(link.server, sent);
    const hasAll = ({ ledger }: typeof witness) => ledger?.client.offered === sent && ledger.client.pending === 0;
    await until(() => hasAll(witness), {
      what: 'all rows of the flood at the node',
      evidence: () => `${witness.rows}`,
    });
    transport.ws._socket.resume();
    await until(() => hasAll(slow) && slow.rows === slow.ledger?.hub?.sent, {
      what: 'the sums of the slow person',
      evidence: () => JSON.stringify([slow.rows, slow.withheld, slow.ledger]),
    });
    const { client: ofNode, hub: ofHub } = slow.ledger as Seen & { hub: HubLedger };
    expect(ofHub.withheld).toBeGreaterThan(0);
    expect(ofHub.received).toBe(ofNode.delivered);
    expect(ofHub.sent).toBe(slow.rows);
    expect(ofHub.received).toBe(ofHub.sent + ofHub.withheld);
    // The next batch says in its header what is missing before it.
    await sendUdp(client, { address: link.server.ipv4, ports: [PORT], count: 1 });
    await until(() => slow.withheld > 0, { what: 'a batch after those that were withheld' });
    expect(slow.withheld).toBe(ofHub.withheld + ofNode.withheld);
  });

  test('lets those change rules who may, and names them in the audit trail', async () => {
    const { hub, url, nodes } = await start();
    const { client, server, link } = suite.network;
    const [ann, ben] = [await personOf(hub, 'ann', { kind: 'admin' }), await personOf(hub, 'ben', { kind: 'look' })];
    const receiver = await receiveUdp(server, link.server.ipv4, PORT);
    const address = link.server.ipv4;
    const open = async (token: string) => {
      const made = await connect(`${url}${nodePath('web1')}`, { token });
      closers.push(() => made.close());
      return made;
    };
    const look = await open(ben);
    const deny = (by: typeof look) => by.deny(link.client.ipv4, { protocol: 'udp', port: String(PORT) });
    await expect(deny(look)).rejects.toMatchObject({ code: 'forbidden' });
    await sendUdp(client, { address, ports: [PORT], count: 10 });
    await until(async () => (await receiver.received()).received === 10, { what: 'the packets before the rule' });

    const admin = await open(ann);
    await deny(admin);
    await sendUdp(client, { address, ports: [PORT], count: 10 });
    await hub.untilNodes(([web1]) => web1?.report?.ledger.denied === 10, '10 denied packets in the hub');
    expect((await receiver.received()).received).toBe(10);
    const audit = suite.own(
      startPacketlog(server, {
        args: ['rules', 'audit', '--json'],
        env: { PACKETLOG_STATE_DIR: nodes[0]?.state },
      }),
    );
    await audit.exited;
    expect(audit.stdout).toContain('ann via hub');
    expect(audit.stdout).not.toContain('ben');

    // Who loses the rights loses the relay.
    await hub.ask('person_remove', { person: 'ann' });
    await until(() => !admin.connected, { what: 'the end of the relay' });
    await expect(connect(`${url}${nodePath('web1')}`, { token: ann })).rejects.toMatchObject({ code: 'unauthorized' });
    expect(look.connected).toBe(true);
  });

  test('leads through TLS to a node that serves over TLS itself', async () => {
    const { server, link } = suite.network;
    const certificates = makeCertificatePlace();
    closers.push(() => certificates.remove());
    const { cert, key } = await certificates.make('hub', 'DNS:localhost,IP:127.0.0.1');
    const tls = ['--tls-cert', cert, '--tls-key', key];
    const hub = await startHub(suite, server, { args: tls });
    const token = await hub.joinToken();
    await startNode(suite, link.server, [hub], { token, args: [...tls, '--hub-ca', cert] });
    await untilHeard(hub, 'web1');
    const forward = await forwardPort(server, hub.port);
    closers.push(() => forward.close());
    const ann = await personOf(hub, 'ann', { kind: 'look' });
    const url = `https://127.0.0.1:${hub.port}${nodePath('web1')}`;
    const person = await connect(url, { token: ann, ca: readFileSync(cert, 'utf8') });
    closers.push(() => person.close());
    expect(await person.rules()).toMatchObject({ revision: 1 });
  });

  test('is made again after the hub or the node was killed', async () => {
    const { hub, url, nodes } = await start();
    const ann = await personOf(hub, 'ann', { kind: 'look' });
    const person = await connect(`${url}${nodePath('web1')}`, { token: ann });
    closers.push(() => person.close());
    const answers = () =>
      person.rules().then(
        ({ revision }) => revision > 0,
        () => false,
      );
    expect(await answers()).toBe(true);

    await hub.process.end('SIGKILL');
    await until(() => !person.connected, { what: 'the end of the relay' });
    const next = await startHub(suite, suite.network.server, { state: hub.state, port: hub.port });
    await untilHeard(next, 'web1', 'web2');
    await until(answers, { what: 'an answer through the next hub' });

    const [web1] = nodes;
    await web1?.process.end('SIGKILL');
    await until(() => !person.connected, { what: 'the end of the relay' });
    await startNode(suite, suite.network.link.server, [next], { state: web1?.state ?? '' });
    await until(answers, { what: 'an answer of the restarted node' });
  });
});
