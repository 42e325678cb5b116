/** The socket.io side: admits clients and sends what all of them receive. */
import type { Server as HttpServer } from 'node:http';
import {
  type Bans,
  type Decision,
  type Findings,
  type Hello,
  type Notice,
  noFindings,
  type Rejection,
  type RuleCounters,
  type Summary,
} from '@packetlog/common';
import type { DrainLedger } from '../ipc/messages.ts';
import type { TokenDigests } from '../ipc/token-digest.ts';
import type { LineLimit } from '../line-limit.ts';
import { admission, type Connected, type Granted, isAdmin, personOf, waitForTokens } from './access/admission.ts';
import { Budgets } from './access/budget.ts';
import type { Connections } from './access/connections.ts';
import { LOOPBACK_PEER, peerOf } from './access/peer-address.ts';
import { TokenGuesses } from './access/token-guesses.ts';
import { BansFeed } from './bans-feed.ts';
import { Client, type ClientSocket } from './client.ts';
import { listenTo } from './client-requests.ts';
import type { Core } from './core.ts';
import type { Allowed } from './http/allowed-hosts.ts';
import { LiveSums } from './live/live-sums.ts';
import type { Lookups } from './lookups.ts';
import { RowsWanted } from './rows-wanted.ts';
import { RulesFeed } from './rules-feed.ts';
import { type Io, STALLED_MS, socketIo } from './socket-io.ts';
import { type ClientSums, ClientTotals } from './streams/client-sums.ts';
import { concat, eventMessage, laterMessage } from './streams/frames.ts';
import type { StreamClock } from './streams/row-stream.ts';
import { RowStreams } from './streams/row-streams.ts';
import { BACKLOG_BYTES, BACKLOG_MS } from './streams/send-queue.ts';
import { WorkQueue } from './streams/work-queue.ts';

/** How long `close` waits for clients to take what was sent, and again for them to disconnect. */
const CLOSE_MS = 1000;
/** About the size of a client's part of the ledger. */
const OWN_LEDGER_BYTES = 128;

export interface SocketServerOptions {
  http: HttpServer;
  connections: Connections;
  allowed: () => Allowed;
  tokens: TokenDigests;
  granted: Granted;
  core: Pick<Core, 'rules' | 'bans' | 'wantRows' | 'setHasClients' | 'setLowLatency' | 'setClients'>;
  hello: () => Hello;
  /** Layout of the records passed to `rows`. */
  stride: number;
  recordOffset: number;
  pollRows: () => boolean;
  lookups: Lookups;
  /** Limits log lines that clients can cause. */
  lines: LineLimit;
  log: { debug(facts: object, message: string): void };
  /** Replaced in tests. */
  clock?: StreamClock;
}

const realClock: StreamClock = {
  now: () => performance.now(),
  after: (ms, action) => {
    setTimeout(action, ms);
  },
};

export class SocketServer {
  readonly #options: SocketServerOptions;
  readonly #io: Io;
  readonly #streams: RowStreams;
  readonly #live: LiveSums;
  readonly #clients = new Map<string, Client>();
  readonly #rules: RulesFeed;
  readonly #bans: BansFeed;
  readonly #lines: LineLimit;
  readonly #budgets: Budgets;
  readonly #work: WorkQueue;
  readonly #guesses: TokenGuesses;
  readonly #totals = new ClientTotals();
  readonly #rowsWanted: RowsWanted;
  #tokens: TokenDigests;
  #lastSecond = 0;
  #findings = noFindings(Date.now());
  #findingsMessage = eventMessage('findings', JSON.stringify(this.#findings));

  constructor(options: SocketServerOptions) {
    this.#options = options;
    this.#tokens = options.tokens;
    const { stride, recordOffset, core, clock = realClock } = options;
    const setLowLatency = (lowLatency: boolean) => core.setLowLatency(lowLatency);
    this.#work = new WorkQueue(() => performance.now(), options.pollRows);
    this.#streams = new RowStreams({ stride, recordOffset }, clock, this.#work.run, setLowLatency);
    this.#live = new LiveSums(this.#streams, Date.now);
    this.#lines = options.lines;
    this.#rowsWanted = new RowsWanted(this.#clients, (perSecond) => core.wantRows(perSecond));
    this.#budgets = new Budgets(clock.now);
    this.#guesses = new TokenGuesses(clock.now);
    this.#rules = new RulesFeed(core.rules, clock, () => this.#clients.values());
    this.#bans = new BansFeed(core.bans, () => this.#clients.values());
    this.#io = socketIo(options.http, options.allowed, this.#lines);
    this.#io.use((socket, next) => {
      const problem = this.#problemOf(socket);
      if (problem) options.connections.dismissed(socket.request.socket);
      next(problem && Object.assign(new Error(problem.message), { data: problem }));
    });
    this.#io.on('connection', (socket) => this.#admit(socket));
  }

  /** Adds rows. `bytes` begins with `count` records; both are only read during the call. */
  rows(bytes: Uint8Array, count: number, skipped: number): void {
    this.#streams.add(bytes, count, skipped);
  }

  /** Answers `core.wantRows`: from now on the rows wanted at that call pass. */
  activate(): void {
    this.#rowsWanted.answer();
  }

  setClockOffset(ns: bigint): void {
    this.#streams.setClockOffset(ns);
  }

  /** Clients get them with the next second. */
  findings(findings: Findings): void {
    this.#findings = findings;
    this.#findingsMessage = eventMessage('findings', JSON.stringify(findings));
  }

  bans(bans: Bans): void {
    this.#bans.changed(bans);
  }

  decision(decision: Decision): void {
    this.#bans.decided(decision);
  }

  second(ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    this.#streams.setClockOffset(clockOffsetNs);
    this.#streams.setInterfaces(ledger.interfaces);
    this.#live.second(ledger, summary);
    const summaryMessage = eventMessage('summary', JSON.stringify(summary));
    const { reader: _, alerts: __, ship: ___, ...ledgerForClients } = ledger;
    const common = JSON.stringify(ledgerForClients).slice(0, -1);
    const bytes = summaryMessage.bytes + common.length + OWN_LEDGER_BYTES;
    const now = this.#streams.context.clock.now();
    // If this process itself stalled, the clients are not at fault.
    const mayBlame = now - this.#lastSecond < BACKLOG_MS;
    this.#lastSecond = now;
    for (const client of this.#clients.values()) {
      if (mayBlame && client.sendQueue.stalledMs() > STALLED_MS) client.messages.disconnectSlowConsumer();
      // A client that does not read can wait for the next one.
      if (client.sendQueue.isFull(BACKLOG_BYTES / 2)) continue;
      const own = client.stream.ledger();
      const ledgerMessage = () => eventMessage('ledger', `${common},"client":${JSON.stringify(own)}}`);
      // Written for 200 clients at once, all of them would delay the next rows.
      const message = laterMessage(() => concat(summaryMessage, ledgerMessage()), bytes);
      client.sendQueue.send(message);
      if (client.findings === this.#findings) continue;
      client.findings = this.#findings;
      client.sendQueue.send(this.#findingsMessage);
    }
    this.#rules.sendNewest();
  }

  /** Accepts these tokens from now on, and disconnects all clients, which have used the earlier ones. */
  setTokens(tokens: TokenDigests): void {
    this.#tokens = tokens;
    for (const client of this.#clients.values()) client.terminate();
  }

  /** Call it when the rules have changed. */
  rulesChanged(): void {
    this.#rules.changed();
  }

  ruleCounters(counters: RuleCounters): void {
    this.#rules.counted(counters);
  }

  /** Numbers of connected clients by access. */
  get connected(): { readonly readers: number; readonly admins: number } {
    const admins = [...this.#clients.values()].filter(({ isAdmin }) => isAdmin).length;
    return { readers: this.#clients.size - admins, admins };
  }

  /** Sums of the ledgers of all clients since the start. */
  get records(): ClientSums {
    return this.#totals.with([...this.#clients.values()].map(({ stream }) => stream.settled()));
  }

  notice(notice: Notice): void {
    const message = eventMessage('notice', JSON.stringify(notice));
    for (const { sendQueue } of this.#clients.values()) sendQueue.send(message);
  }

  /** Sends what is queued, then closes every connection; clients that do not read it are terminated. */
  async close(): Promise<void> {
    this.#streams.flush();
    const sent = [...this.#clients.values()].map(({ sendQueue, socket: { conn } }) => {
      sendQueue.flush();
      const closed = new Promise<void>((resolve) => conn.once('close', () => resolve()));
      conn.close();
      return closed;
    });
    await atMost(CLOSE_MS, Promise.all(sent));
    for (const client of this.#clients.values()) client.terminate();
    const closed = this.#io.close();
    // Browsers open connections in advance and send no request on them: nothing else would close those.
    this.#options.http.closeAllConnections();
    await atMost(CLOSE_MS, closed);
    this.#lines.flush();
  }

  #problemOf(socket: ClientSocket): Rejection | undefined {
    const { handshake } = socket;
    const { connections, granted } = this.#options;
    const connected = this.#connected(this.#peerOf(socket));
    const problem = admission(handshake.auth, this.#tokens, connected, connections.limits, granted);
    if (problem?.code !== 'unauthorized') return problem;
    const peer = peerOf(handshake.address);
    // A right token is always accepted: wrong ones from the same address must not lock out its owner.
    const seconds = this.#guesses.waitSeconds(peer);
    this.#guesses.wrong(peer);
    this.#lines.warn({ address: handshake.address }, seconds > 0 ? 'too many wrong tokens' : 'wrong token');
    return seconds > 0 ? waitForTokens(seconds) : problem;
  }

  /** People who come through a hub share its address, but not its limits. */
  #peerOf({ handshake }: ClientSocket): string {
    const person = personOf(handshake.auth, this.#options.granted);
    return person === undefined ? peerOf(handshake.address) : `hub ${person}`;
  }

  /** Counts the connected clients; `peer` is the address of the next one. */
  #connected(peer: string): Connected {
    const readers = [...this.#clients.values()].filter(({ isAdmin }) => !isAdmin);
    return {
      ...this.connected,
      readersFromThere: peer === LOOPBACK_PEER ? 0 : readers.filter((client) => client.peer === peer).length,
    };
  }

  #reportClients(): void {
    const admins = [...this.#clients.values()].filter((client) => client.isAdmin);
    const operators = new Set(admins.map(({ socket }) => socket.handshake.address));
    this.#options.core.setClients(this.#clients.size, [...operators]);
  }

  #admit(socket: ClientSocket): void {
    const { log, lookups, connections, core, granted } = this.#options;
    const mayChange = isAdmin(socket.handshake.auth, this.#tokens, granted);
    const peer = this.#peerOf(socket);
    const budget = this.#budgets.of(peer, mayChange);
    const client = new Client(socket, peer, this.#streams, mayChange, budget, this.#lines, this.#work);
    this.#clients.set(socket.id, client);
    connections.admitted(socket.request.socket);
    this.#reportClients();
    if (this.#clients.size === 1) core.setHasClients(true);
    log.debug({ client: socket.id, clients: this.#clients.size }, 'client connected');
    socket.on('disconnect', (reason) => {
      this.#clients.delete(socket.id);
      connections.dismissed(socket.request.socket);
      this.#rules.left(client);
      this.#totals.left(client.stream.ledger());
      client.end();
      this.#live.leave(client);
      log.debug({ client: socket.id, reason }, 'client disconnected');
      this.#rowsWanted.changed();
      this.#reportClients();
      if (this.#clients.size === 0) core.setHasClients(false);
    });
    listenTo(client, {
      clients: () => this.#clients.values(),
      rowsWanted: this.#rowsWanted,
      lookups,
      live: this.#live,
    });
    const hello = this.#options.hello();
    this.#streams.setInterfaces(hello.interfaces);
    socket.emit('hello', { ...hello, admin: client.isAdmin });
    socket.emit('findings', this.#findings);
    client.findings = this.#findings;
    this.#bans.admit(client);
    this.#rules.admit(client, client.messages);
  }
}

async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
