/**
 * The server process: everything that the network can reach. It has no rights: the core starts it without capabilities,
 * and as another user if it can. It opens no files; what it serves comes from the core, and so does each answer about
 * rules. It ends when the core ends.
 */
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Hello } from '@packetlog/common';
import { collectGarbage, START_GARBAGE_MS } from '../../collect-garbage.ts';
import { Places } from '../../enrichment/places.ts';
import { toPlain } from '../../errors/setup-error.ts';
import type { FleetState } from '../../ipc/fleet/fleet-access.ts';
import { readGrant } from '../../ipc/fleet/read-grant.ts';
import { PipePair } from '../../ipc/pipe-pair.ts';
import { SERVER_LEFT } from '../../ipc/server-descriptors.ts';
import type { ToServer } from '../../ipc/server-messages.ts';
import { LineLimit } from '../../line-limit.ts';
import { Uplink } from '../../uplink/uplink.ts';
import { Server } from '../server.ts';
import { CoreLink } from './core-link.ts';
import { givenDescriptors, notifyReady } from './descriptors.ts';
import { readPipe } from './read-pipe.ts';
import { RowReader } from './row-reader.ts';
import { sendRequest } from './send-request.ts';

/** How long the end waits for the last rows. */
const LAST_ROWS_MS = 1000;

type Message = Exclude<ToServer, { type: 'answer' | 'ping' }>;
type Settings = Extract<ToServer, { type: 'open' }>['settings'];

const { channel, answers, slabs, marks, released, notify, isService } = givenDescriptors(process.argv.slice(2));
const stream = answers === undefined ? new Socket({ fd: channel }) : new PipePair(channel, answers);
const link = new CoreLink(stream, {
  message: (message) => handle(message),
  // Without the core there is nothing to serve.
  ended: () => process.exit(SERVER_LEFT),
});
const lines = new LineLimit({
  warn: (facts, message) => link.log('warn', facts, message),
  error: (facts, message) => link.log('error', facts, message),
});
let server: Server | undefined;
let uplink: Uplink | undefined;
let fleet: Settings['fleet'];
/** Arrives before the start. */
let fleetState: FleetState | undefined;
let places: Places | undefined;
let haveRowsEnded: () => void = () => {};
const rowsEnded = new Promise<void>((resolve) => {
  haveRowsEnded = resolve;
});
const rows = new RowReader(
  { marks: (received) => readPipe(marks, received), slabs, released },
  {
    rows: (bytes, count, skipped) => server?.rows(bytes, count, skipped),
    rowsWanted: (skipped) => server?.rowsWanted(skipped),
    setClockOffset: (ns) => server?.setClockOffset(ns),
    ended: haveRowsEnded,
  },
);

function handle(message: Message): void {
  switch (message.type) {
    case 'open':
      void open(message.settings);
      return;
    case 'start':
      rows.start(message);
      server?.start(message.hello, message);
      dialHubs(message.hello);
      link.send({ type: 'started' });
      notifyReady(notify, Number(process.env['WATCHDOG_USEC']));
      setTimeout(collectGarbage, START_GARBAGE_MS).unref();
      return;
    case 'second':
      rows.report(message.number, () => server?.second(message.ledger, message.summary, message.clockOffsetNs));
      uplink?.second(message.ledger, message.summary);
      return;
    case 'findings':
      server?.findings(message.findings);
      return;
    case 'bans':
      server?.bans(message.bans);
      return;
    case 'decision':
      server?.decision(message.decision);
      return;
    case 'rules-changed':
      server?.rulesChanged();
      return;
    case 'rule-counters':
      server?.ruleCounters(message.counters, message.hits);
      return;
    case 'notice':
      server?.notice(message.notice);
      uplink?.notice(message.notice);
      return;
    case 'tls':
      server?.setTls(message.tls);
      return;
    case 'tokens':
      server?.setTokens(message.tokens);
      return;
    case 'fleet':
      fleetState = message.fleet;
      uplink?.fleetChanged(message.fleet);
      return;
    case 'places':
      replacePlaces(message.places);
      return;
    case 'deliver':
      void sendRequest(message.request).then((result) =>
        link.send({ type: 'delivered', delivery: message.delivery, result }),
      );
      return;
    case 'close':
      void close(rowsEnded);
  }
}

async function open(settings: Settings): Promise<void> {
  try {
    fleet = settings.fleet;
    places = settings.places.length === 0 ? undefined : new Places(settings.places);
    const debug = (facts: object, message: string) => settings.debug && link.log('debug', facts, message);
    server = await Server.open(settings, {
      core: link,
      places,
      lines,
      pollRows: () => rows.poll(),
      log: { debug },
    });
    const metrics = server.servedMetrics && {
      url: server.servedMetrics.url,
      is_exposed: server.servedMetrics.isExposed,
    };
    link.send({ type: 'opened', port: server.port, place_labels: [...(places?.labels ?? [])], metrics });
  } catch (error) {
    link.send({ type: 'failed', error: toPlain(error) });
  }
}

function dialHubs(hello: Hello): void {
  if (fleet === undefined || server === undefined) return;
  const serving = server;
  serving.setGrants((token) => readGrant(token, fleetState?.known ?? [], Date.now()));
  uplink = new Uplink({
    ...{ settings: fleet, hello, lines },
    core: (question) => link.fleet(question),
    exchanged: (hubs) => link.send({ type: 'hubs', hubs }),
    ask: (event, request) => serving.ask(event, request),
    serve: (socket) => serving.relay(socket),
  });
  if (fleetState !== undefined) uplink.fleetChanged(fleetState);
  uplink.start();
}

function replacePlaces(files: Settings['places']): void {
  try {
    places?.replace(files);
    link.send({ type: 'places', labels: [...(places?.labels ?? [])] });
  } catch (error) {
    link.send({ type: 'places', labels: [], problem: error instanceof Error ? error.message : String(error) });
  }
}

/** Ends the process; `lastRows`: what to wait for. */
async function close(lastRows: Promise<void>): Promise<void> {
  await Promise.race([lastRows, new Promise((resolve) => setTimeout(resolve, LAST_ROWS_MS))]);
  uplink?.close();
  await server?.close();
  lines.flush();
  link.close();
  process.exit(SERVER_LEFT);
}

/** Ends because the service manager requests it. */
function leave(): void {
  link.send({ type: 'leaving' });
  void close(Promise.resolve());
}

// A terminal sends its signals to all processes of a command; the core decides when a child ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, isService ? leave : () => {});
process.on('uncaughtException', (error) => {
  link.log('error', { err: error }, 'the server process failed');
  link.close();
  setTimeout(() => process.exit(1), 100);
});
try {
  writeFileSync('/proc/self/comm', 'packetlog-serve');
} catch {
  // The name is only for ps and top.
}
