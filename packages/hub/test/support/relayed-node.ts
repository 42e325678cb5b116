/** A node whose relays lead to a small socket.io server that plays the loader. */
import { createServer, type Server as HttpServer, request } from 'node:http';
import { BATCH_HEADER_SIZE, PACKET_LOG_SIZE, writeBatchHeader } from '@packetlog/common';
import { RELAY_PATH, RELAY_UPGRADE } from '@packetlog/common/fleet';
import { Server as Io, type Socket } from 'socket.io';
import type { HubFixture } from './hub-fixture.ts';
import { TestNode } from './test-node.ts';

export interface RelayedNode {
  readonly node: TestNode;
  /** The node's ends of the relays of people. */
  readonly sockets: Socket[];
  /** What the next person gets in place of a connection. */
  rejection: object | undefined;
  /** Whether relays are dialed. */
  dials: boolean;
  close(): Promise<void>;
}

/** `greet` is called for each person. */
export async function relayedNode(
  fixture: HubFixture,
  name: string,
  greet: (socket: Socket) => void,
  group = 'default',
): Promise<RelayedNode> {
  const http: HttpServer = createServer();
  const io = new Io(http, { transports: ['websocket'], serveClient: false });
  const node = new TestNode(fixture.url, name);
  const it: RelayedNode = {
    node,
    sockets: [],
    rejection: undefined,
    dials: true,
    close: async () => {
      node.close();
      await io.close();
    },
  };
  io.use((_, next) => next(it.rejection && Object.assign(new Error('rejected'), { data: it.rejection })));
  io.on('connection', (socket) => {
    it.sockets.push(socket);
    greet(socket);
  });
  const result = await node.prove(await fixture.joinToken(1, group));
  if (!result.ok) throw new Error(result.error.message);
  node.socket.on('relay', ({ id }) => {
    if (!it.dials) return;
    const outgoing = request(`${fixture.url}${RELAY_PATH}${id}`, {
      headers: {
        Authorization: `Bearer ${result.value.session_token}`,
        Connection: 'Upgrade',
        Upgrade: RELAY_UPGRADE,
      },
    });
    outgoing.on('upgrade', (_, socket, head) => {
      if (head.byteLength > 0) socket.unshift(head);
      http.emit('connection', socket);
    });
    outgoing.on('error', () => {});
    outgoing.end();
  });
  return it;
}

/** Returns batches of one receiver, whose counters add up. `count`: of records, which are empty. */
export function batchesOf(): (count: number) => Uint8Array {
  let [sequence, offered] = [0, 0];
  return (count) => {
    offered += count;
    const bytes = new Uint8Array(BATCH_HEADER_SIZE + count * PACKET_LOG_SIZE);
    const counters = { sequence: sequence++, offered, dropped: 0, withheld: 0, filtered: 0 };
    writeBatchHeader(bytes, { ...counters, clock_offset_ns: 0n, count });
    return bytes;
  };
}
