/** Keeps a connection to one hub: dials, proves who this node is, and dials again whenever the connection ends. */
import {
  challengeSchema,
  FLEET_PROTOCOL_VERSION,
  NODE_NAMESPACE,
  nodeRejectionSchema,
  PROOF_MS,
  type Welcome,
  welcomeSchema,
} from '@packetlog/common/fleet';
import { io } from 'socket.io-client';
import type { HubExchange } from '../ipc/fleet/fleet-access.ts';
import { answerParser } from '../server/answer-encoding.ts';
import type { FleetQuestions } from './fleet-questions.ts';
import { HubAgent, type Trust } from './hub-agent.ts';
import { connectionProblem } from './hub-problems.ts';
import { HubSession, type HubSocket, type SessionParts } from './hub-session.ts';
import { rejectedPause, retryPause } from './retry-pause.ts';

/** From the first packet of the connection to the hub's challenge. */
const CONNECT_MS = 15_000;
const UPDATE = 'Use the same version of packetlog on hub and node: update the older one.';

/** A proven connection, for requests beside it: relays and blocks of recorded packets. */
export interface OpenSession {
  /** Index of the hub. */
  readonly hub: number;
  readonly url: string;
  readonly agent: HubAgent;
  readonly welcome: Welcome;
}

export interface ConnectionOptions {
  readonly hub: number;
  readonly url: string;
  readonly trust: Trust;
  readonly core: FleetQuestions;
  readonly state: SessionParts['state'];
  readonly ask: SessionParts['ask'];
  readonly relay: (session: OpenSession, id: string) => ReturnType<SessionParts['relay']>;
  /** The state of the connection has changed. */
  readonly changed: () => void;
  readonly opened: (session: OpenSession) => void;
  readonly closed: (session: OpenSession) => void;
  readonly warn: (problem: string) => void;
  /** Replaced in tests. */
  readonly random?: () => number;
}

export class HubConnection {
  readonly #options: ConnectionOptions;
  readonly #agent: HubAgent;
  #socket: HubSocket | undefined;
  #session: HubSession | undefined;
  #open: OpenSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #heardAtMs: number | null = null;
  #problem: string | null = null;
  #address: string | null = null;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#agent = new HubAgent(options.url, options.trust, (address) => {
      this.#address = address;
    });
  }

  get exchange(): HubExchange {
    return {
      hub: this.#options.hub,
      heard_at_ms: this.#heardAtMs,
      problem: this.#problem,
      address: this.#open === undefined ? null : this.#address,
    };
  }

  /** Undefined while there is no proven connection. */
  get session(): HubSession | undefined {
    return this.#session;
  }

  dial(): void {
    if (this.#isClosed) return;
    const socket: HubSocket = io(`${this.#options.url}${NODE_NAMESPACE}`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_MS,
      parser: answerParser,
      // Declared as text only, for browsers.
      agent: this.#agent as unknown as string,
    });
    this.#socket = socket;
    const timer = setTimeout(() => this.#failed(socket, 'It sent no challenge. Check that it is a hub.'), CONNECT_MS);
    socket.once('connect', () => socket.io.engine.on('packet', () => this.#heard()));
    socket.once('connect_error', (error) => this.#failed(socket, connectionProblem(error)));
    socket.once('disconnect', () => this.#failed(socket, this.#problem ?? 'It closed the connection. See its log.'));
    socket.once('challenge', (challenge) => {
      clearTimeout(timer);
      this.#prove(socket, challenge).catch((error: unknown) =>
        this.#failed(socket, error instanceof Error ? error.message : String(error)),
      );
    });
    socket.once('disconnect', () => clearTimeout(timer));
    socket.once('connect_error', () => clearTimeout(timer));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#ended();
    this.#socket?.disconnect();
  }

  async #prove(socket: HubSocket, given: unknown): Promise<void> {
    const { core } = this.#options;
    const challenge = challengeSchema.safeParse(given);
    if (!challenge.success) {
      const { protocol } = (given ?? {}) as { protocol?: unknown };
      const isOther = typeof protocol === 'number' && protocol !== FLEET_PROTOCOL_VERSION;
      const other = `It speaks version ${String(protocol)} of the protocol, this node ${FLEET_PROTOCOL_VERSION}.`;
      this.#failed(socket, `${isOther ? other : 'Its challenge is malformed.'} ${UPDATE}`, rejectedPause);
      return;
    }
    const proof = await core.prove(challenge.data);
    if (!proof.ok) {
      this.#failed(socket, proof.error.message, rejectedPause);
      return;
    }
    const result = (await socket.timeout(PROOF_MS).emitWithAck('prove', proof.value)) as {
      ok?: unknown;
      value?: unknown;
      error?: unknown;
    };
    if (result.ok !== true) {
      const rejection = nodeRejectionSchema.safeParse(result.error);
      const message = rejection.data?.message ?? `It rejected this node without a reason. ${UPDATE}`;
      const afterMs = rejection.data?.retry_after_ms;
      this.#failed(socket, message, (_, random) => rejectedPause(afterMs, random));
      return;
    }
    const welcome = welcomeSchema.safeParse(result.value);
    if (!welcome.success) {
      this.#failed(socket, `Its welcome is malformed. ${UPDATE}`, rejectedPause);
      return;
    }
    const { node, group, signature } = welcome.data;
    const checked = await core.welcome({ node, group, signature });
    if (!checked.ok) this.#failed(socket, checked.error.message, rejectedPause);
    else if (socket.connected && this.#socket === socket) this.#opened(socket, welcome.data);
  }

  #opened(socket: HubSocket, welcome: Welcome): void {
    const { hub, url, core, state, ask, relay, changed, opened, warn } = this.#options;
    const open: OpenSession = { hub, url, agent: this.#agent, welcome };
    this.#open = open;
    this.#failures = 0;
    this.#problem = null;
    this.#session = new HubSession({
      ...{ socket, welcome, core, state, ask, warn },
      relay: (id) => relay(open, id),
      leave: (withinMs) => this.#failed(socket, null, (_, random) => random * withinMs),
    });
    this.#heard();
    opened(open);
    changed();
  }

  #heard(): void {
    this.#heardAtMs = Date.now();
  }

  /** Ends this connection, and dials again after a pause. `problem` null: the hub asked for it. */
  #failed(
    socket: HubSocket,
    problem: string | null,
    pause: (failures: number, random: number) => number = retryPause,
  ): void {
    if (this.#socket !== socket || this.#isClosed) return;
    this.#socket = undefined;
    socket.disconnect();
    this.#ended();
    this.#failures++;
    this.#problem = problem;
    const { random = Math.random, changed } = this.#options;
    this.#timer = setTimeout(() => this.dial(), pause(this.#failures, random()));
    changed();
  }

  #ended(): void {
    this.#session?.end();
    this.#session = undefined;
    if (this.#open !== undefined) this.#options.closed(this.#open);
    this.#open = undefined;
  }
}
