/** A small hub on loopback: it proves its key, and does with nodes what a test wants. */
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import {
  canonicalJson,
  type HubToNodeEvents,
  NODE_NAMESPACE,
  type NodeReport,
  type NodeRules,
  type NodeToHubEvents,
  type Prove,
  type Welcome,
} from '@packetlog/common/fleet';
import { keyDigest, newPrivateKey, publicKeyOf, readPrivateKey, signText } from '@packetlog/hub/signing';
import { Server, type Socket } from 'socket.io';

export type NodeSocket = Socket<NodeToHubEvents, HubToNodeEvents>;

export interface FakeHub {
  readonly url: string;
  readonly port: number;
  readonly publicKey: string;
  readonly keyDigest: string;
  readonly proofs: Prove[];
  readonly reports: NodeReport[];
  readonly rules: NodeRules[];
  readonly sockets: NodeSocket[];
  /** Upgrade requests that are not socket.io's. */
  readonly upgrades: { readonly request: IncomingMessage; readonly socket: TcpSocket; readonly head: Buffer }[];
  /** Changes what the hub answers to a proof. */
  answer: (welcome: Welcome) => unknown;
  /** Changes the challenge. */
  challenge: (challenge: object) => unknown;
  close(): Promise<void>;
}

export interface FakeHubOptions {
  readonly port?: number;
  readonly privateKey?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly reportMs?: number;
}

export const SESSION_TOKEN = 't'.repeat(43);

export async function fakeHub({ port = 0, privateKey, tls, reportMs = 100 }: FakeHubOptions = {}): Promise<FakeHub> {
  const key = readPrivateKey(privateKey ?? newPrivateKey());
  const publicKey = publicKeyOf(key);
  const http: HttpServer = tls === undefined ? createServer() : createTlsServer(tls);
  const io = new Server(http, { transports: ['websocket'], serveClient: false, destroyUpgrade: false });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const opened = (http.address() as AddressInfo).port;
  const hub: FakeHub = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${opened}`,
    port: opened,
    publicKey,
    keyDigest: keyDigest(publicKey),
    ...{ proofs: [], reports: [], rules: [], sockets: [], upgrades: [] },
    answer: (value) => ({ ok: true, value }),
    challenge: (challenge) => challenge,
    close: async () => {
      for (const socket of hub.sockets) socket.disconnect(true);
      await io.close();
    },
  };
  http.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/socket.io/') !== true)
      hub.upgrades.push({ request, socket: socket as TcpSocket, head });
  });
  io.of(NODE_NAMESPACE).on('connection', (socket: NodeSocket) => {
    const nonce = String(hub.proofs.length % 10).repeat(43);
    hub.sockets.push(socket);
    socket.on('report', (report) => hub.reports.push(report));
    socket.on('rules', (rules) => hub.rules.push(rules));
    socket.on('prove', (proof, acknowledge) => {
      hub.proofs.push(proof);
      const text = canonicalJson({
        ...{ node: proof.node, node_key: proof.public_key, node_nonce: proof.nonce },
        ...{ hub_key: publicKey, hub_nonce: nonce },
      });
      const welcome: Welcome = {
        node: proof.node,
        group: 'default',
        signature: signText('hub-proof', text, key),
        report_ms: reportMs,
        session_token: SESSION_TOKEN,
        ship: 'nothing',
      };
      acknowledge(hub.answer(welcome) as never);
    });
    socket.emit('challenge', hub.challenge({ protocol: 1, nonce, hub_key: publicKey, at_ms: Date.now() }) as never);
  });
  return hub;
}
