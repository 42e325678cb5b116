/**
 * One loader for all rows of a table. After each row, and at the end, it must be unharmed: the same two processes, an
 * administrator who is still served, the same rules, and no line in the log that reports a bug.
 */
import { type ClientToServerEvents, PROTOCOL_VERSION, type ServerToClientEvents } from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { listed, makeRulesPlace, type RulesPlace } from '../e2e/rules-command.ts';
import { assertNothingLeft, type Inventory, takeInventory } from '../lab/leftovers.ts';
import { createNetwork, type Network } from '../lab/network.ts';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, type LabProcess, startPacketlog } from '../lab/process.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { type Forward, forwardPort } from '../lab/traffic.ts';

export type AttackSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface AttackedLoader {
  readonly network: Network;
  readonly packetlog: LabProcess;
  readonly place: RulesPlace;
  /** Of the server, here and in its namespace. */
  readonly port: number;
  readonly origin: string;
  /** Connects with the read-only token, or with other credentials. The connection ends after the test. */
  connect(auth?: Readonly<Record<string, unknown>>): AttackSocket;
  /** Connects with the read-only token; resolves when the loader has said hello. */
  connected(auth?: Readonly<Record<string, unknown>>): Promise<AttackSocket>;
}

const READER = { token: LAB_TOKEN, protocol: PROTOCOL_VERSION };
const ADMIN = { ...READER, admin_token: LAB_ADMIN_TOKEN };

/** `env`, `args`: of the loader, in addition. */
export function attackedLoader(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): AttackedLoader {
  let before: Inventory;
  let network: Network | undefined;
  let packetlog: LabProcess | undefined;
  let place: RulesPlace | undefined;
  let forward: Forward | undefined;
  let admin: AttackSocket | undefined;
  let server = 0;
  let rules = '';
  let sockets: AttackSocket[] = [];
  const connect = (auth: Readonly<Record<string, unknown>> = READER): AttackSocket => {
    const options = { transports: ['websocket'], reconnection: false, forceNew: true };
    const socket: AttackSocket = io(`http://127.0.0.1:${forward?.port}`, { ...options, auth });
    sockets.push(socket);
    return socket;
  };
  const connected = async (auth?: Readonly<Record<string, unknown>>): Promise<AttackSocket> => {
    const socket = connect(auth);
    await new Promise((resolve, reject) => socket.once('hello', resolve).once('connect_error', reject));
    return socket;
  };
  const need = <Part>(part: Part | undefined): Part => {
    if (part === undefined) throw new Error('only inside a test');
    return part;
  };
  beforeAll(async () => {
    before = await takeInventory();
    network = await createNetwork();
    place = makeRulesPlace();
    forward = await forwardPort(network.server, 0);
    const fixed = ['--iface', network.link.server.device, '--print', 'none', '--listen', `127.0.0.1:${forward.port}`];
    packetlog = startPacketlog(network.server, { args: [...fixed, ...args], env: { ...place.env, ...env } });
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    server = serverPidOf(packetlog.pid);
    rules = JSON.stringify(await listed(place));
    admin = await connected(ADMIN);
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    // The answer shows that the server's thread is free; the pid, that it is not a restarted one.
    expect(await need(admin).emitWithAck('pause', { paused: false })).toMatchObject({ ok: true });
    expect(serverPidOf(need(packetlog).pid)).toBe(server);
  });
  afterAll(async () => {
    try {
      if (packetlog === undefined || place === undefined) return;
      expect(JSON.stringify(await listed(place))).toBe(rules);
      admin?.disconnect();
      expect(await packetlog.end()).toEqual({ code: 0, signal: null });
      expect(packetlog.stderr).not.toMatch(/unexpected|failed|\n\s+at /);
    } finally {
      admin?.disconnect();
      await packetlog?.dispose();
      await forward?.close();
      await network?.dispose();
      place?.remove();
    }
    await assertNothingLeft(before);
  });
  return {
    get network() {
      return need(network);
    },
    get packetlog() {
      return need(packetlog);
    },
    get place() {
      return need(place);
    },
    get port() {
      return need(forward).port;
    },
    get origin() {
      return `http://localhost:${need(forward).port}`;
    },
    connect,
    connected,
  };
}
