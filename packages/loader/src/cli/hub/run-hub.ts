/** `packetlog hub`: runs a hub until Ctrl-C. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { openControlServer } from '@packetlog/hub';
import { EXIT } from '../../errors/exit-codes.ts';
import { LineLimit } from '../../line-limit.ts';
import { isLoopback } from '../../server/http/allowed-hosts.ts';
import { EXPOSED } from '../../server/http/exposed.ts';
import { makeLogger } from '../process/log.ts';
import { say } from '../process/say.ts';
import { Stop } from '../process/stop.ts';
import { stopWhenUncaught } from '../process/uncaught.ts';
import { reloadTls } from '../run/tls.ts';
import type { HubOptions } from './hub-command-options.ts';
import { HubServer } from './hub-server.ts';
import { asSetupError, controlSocketOf, openHubState } from './hub-state.ts';
import { type OpenHistory, openHistory } from './open-history.ts';

const FIRST_ADMIN = 'admin';

/** Resolves with the exit code. Throws SetupError. */
export async function runHub(options: HubOptions): Promise<number> {
  const stop = new Stop();
  const log = makeLogger(options.logLevel);
  const lines = new LineLimit(log);
  const wasUncaught = stopWhenUncaught(
    stop,
    (error) => log.debug({ err: error }, 'uncaught'),
    'The hub exits; nodes keep their rules.',
  );
  const state = await openHubState(options.state, (isBack) => {
    if (isBack) log.info('NATS can be reached again');
    else log.warn('NATS cannot be reached: the hub tries again, and changes are rejected meanwhile');
  });
  let kept: OpenHistory | undefined;
  try {
    kept = options.history && (await openHistory(options.history, log));
    const server = await HubServer.open(options, state, kept?.history, log, lines);
    try {
      const socket = controlSocketOf(options);
      // That of a hub without a directory of its own; its service makes it, too.
      mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
      const control = await openControlServer(socket, server.hub).catch((error: unknown) => {
        throw asSetupError(error);
      });
      stop.onReload = () => reloadTls(options, server, log, ({ message }) => log.error(message));
      await greet(server, options);
      await stop.requested;
      control.close();
      control.closeAllConnections();
    } finally {
      await server.close();
    }
  } finally {
    await kept?.close();
    await state.close();
    lines.flush();
  }
  return wasUncaught() ? EXIT.failed : EXIT.ok;
}

async function greet({ hub, url, fingerprint, metricsUrl }: HubServer, options: HubOptions): Promise<void> {
  say(`Hub: ${url}/`);
  if (fingerprint !== undefined) say(`Certificate: sha256/${fingerprint} (for --hub-fingerprint of nodes)`);
  if (metricsUrl !== undefined) say(`Metrics: ${metricsUrl}`);
  const { people } = hub.identity;
  if (people.list().length === 0) {
    // A token must not reach a journal, which other users may read.
    if (process.stderr.isTTY === true) {
      const admin = { kind: 'admin' } as const;
      const made = await hub.requests.ask(
        'person_add',
        { person: FIRST_ADMIN, role: admin },
        { person: 'hub', role: admin },
      );
      say(made.ok ? `Admin URL, shown only now: ${url}/#token=${made.value.token}` : made.error.message);
    } else {
      const command = `packetlog hub people add ${FIRST_ADMIN} --role admin --state ${options.state}`;
      say(`No person can use the hub yet. Add one: ${command}`, 'warning');
    }
  }
  if (!isLoopback(options.listen.host) && options.tls === undefined) {
    say(`Warning: ${EXPOSED.listen.problem}. ${EXPOSED.listen.next}`, 'warning');
  }
  say('Waiting for Ctrl-C...');
}
