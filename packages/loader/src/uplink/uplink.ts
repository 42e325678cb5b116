/** The node's connections to its hubs. It runs in the server process; the core signs, verifies and applies. */
import type { Socket } from 'node:net';
import type { Hello, Notice, Summary } from '@packetlog/common';
import type { AskedEvent } from '@packetlog/common/fleet';
import type { FleetState, HubExchange } from '../ipc/fleet/fleet-access.ts';
import type { FleetSettings } from '../ipc/fleet/fleet-settings.ts';
import type { DrainLedger } from '../ipc/messages.ts';
import type { LineLimit } from '../line-limit.ts';
import type { EncodedAnswer } from '../server/answer-encoding.ts';
import { type AskCore, FleetQuestions } from './fleet-questions.ts';
import { HubConnection, type OpenSession } from './hub-connection.ts';
import { NodeState } from './node-state.ts';
import { dialRelay } from './relay.ts';
import { ShipLoop } from './ship-loop.ts';

/** How often the core learns when hubs were heard. */
const EXCHANGES_MS = 5000;

export interface UplinkParts {
  readonly settings: FleetSettings;
  readonly hello: Hello;
  readonly core: AskCore;
  /** Tells the core about the connections. */
  readonly exchanged: (hubs: HubExchange[]) => void;
  /** Answers a request as if a client had sent it. */
  readonly ask: (event: AskedEvent, request: unknown) => Promise<EncodedAnswer>;
  /** Serves HTTP on a connection. */
  readonly serve: (socket: Socket) => void;
  readonly lines: Pick<LineLimit, 'warn'>;
}

export class Uplink {
  readonly #parts: UplinkParts;
  readonly #state: NodeState;
  readonly #connections: readonly HubConnection[];
  /** What ships recorded packets over each proven connection. */
  readonly #open = new Map<OpenSession, ShipLoop>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: UplinkParts) {
    this.#parts = parts;
    this.#state = new NodeState(parts.hello);
    const { settings, core, ask, lines } = parts;
    this.#connections = settings.hubs.map(
      ({ url }, hub) =>
        new HubConnection({
          ...{ hub, url, trust: settings, state: this.#state, ask },
          core: new FleetQuestions(hub, core),
          relay: async (session, id) => {
            const socket = await dialRelay(session, id);
            parts.serve(socket);
            return socket;
          },
          changed: () => this.#exchanged(),
          opened: (session) => this.#opened(session),
          closed: (session) => this.#closed(session),
          warn: (problem) => lines.warn({ hub: url, problem }, 'a request of the hub failed'),
        }),
    );
  }

  /** Proven connections, in the order in which they were opened. */
  get sessions(): ReadonlySet<OpenSession> {
    return new Set(this.#open.keys());
  }

  start(): void {
    this.#timer = setInterval(() => this.#exchanged(), EXCHANGES_MS);
    for (const connection of this.#connections) connection.dial();
  }

  fleetChanged(fleet: FleetState): void {
    this.#state.fleet = fleet;
    for (const { session } of this.#connections) session?.rulesChanged();
  }

  second(ledger: DrainLedger, summary: Summary): void {
    this.#state.second(ledger);
    for (const { session } of this.#connections) session?.second(summary);
  }

  notice(notice: Notice): void {
    this.#state.notice(notice);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const connection of this.#connections) connection.close();
  }

  #opened(session: OpenSession): void {
    const { core, lines } = this.#parts;
    const warn = (problem: string) => lines.warn({ hub: session.url, problem }, 'a hub does not take recorded packets');
    this.#open.set(session, new ShipLoop({ session, core: new FleetQuestions(session.hub, core), warn }));
  }

  #closed(session: OpenSession): void {
    this.#open.get(session)?.end();
    this.#open.delete(session);
  }

  #exchanged(): void {
    this.#parts.exchanged(this.#connections.map(({ exchange }) => exchange));
  }
}
