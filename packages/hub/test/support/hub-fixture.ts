/** A hub with real sockets and a real state, for tests. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server as Io } from 'socket.io';
import { Hub, type HubParts } from '../../src/hub.ts';
import { openFileState } from '../../src/state/file-state.ts';
import type { HubState } from '../../src/state/hub-state.ts';

export interface LoggedLine {
  readonly facts: Readonly<Record<string, string | number>>;
  readonly message: string;
}

export class HubFixture {
  readonly url: string;
  readonly hub: Hub;
  readonly state: HubState;
  /** Warnings of the hub. */
  readonly lines: LoggedLine[];
  readonly #close: () => Promise<void>;

  private constructor(url: string, hub: Hub, state: HubState, lines: LoggedLine[], close: () => Promise<void>) {
    this.url = url;
    this.hub = hub;
    this.state = state;
    this.lines = lines;
    this.#close = close;
  }

  static async start(own: Pick<HubParts, 'proofMs'> = {}): Promise<HubFixture> {
    const directory = mkdtempSync(join(tmpdir(), 'packetlog-hub-'));
    const state = await openFileState({ directory, lockFile: () => true });
    const lines: LoggedLine[] = [];
    const http = createServer();
    const io = new Io(http, { transports: ['websocket'], serveClient: false, maxHttpBufferSize: 8 * 1024 * 1024 });
    const inner = createServer();
    const hub = await Hub.open({
      ...own,
      http,
      io,
      relays: { io: new Io(inner, { transports: ['websocket'], serveClient: false }), http: inner },
      state,
      access: { admitted: () => {}, dismissed: () => {} },
      lines: {
        warn: (facts, message) => lines.push({ facts, message }),
        failed: (error, message) => lines.push({ facts: { error: String(error) }, message }),
      },
      log: { info: () => {} },
      wrongToken: () => 0,
      version: '1.2.3',
      hostName: 'hub.test',
    });
    http.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    return new HubFixture(`http://127.0.0.1:${port}`, hub, state, lines, async () => {
      await hub.close();
      http.closeAllConnections();
      await state.close();
      rmSync(directory, { recursive: true });
    });
  }

  async joinToken(uses = 1, group = 'default'): Promise<string> {
    return (await this.hub.identity.tokens.make({ for_s: 60, uses, group })).token;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
