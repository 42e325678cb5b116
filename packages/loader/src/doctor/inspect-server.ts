/** Checks what the server needs: its port, its origins, and its files. */
import { createServer } from 'node:http';
import { readPlaceFiles } from '../enrichment/place-files.ts';
import { Places } from '../enrichment/places.ts';
import { SetupError } from '../errors/setup-error.ts';
import { allowedFor, isLoopback } from '../server/http/allowed-hosts.ts';
import { EXPOSED } from '../server/http/exposed.ts';
import { listen } from '../server/http/web-server.ts';
import { attemptLater, type Check, ok, warn } from './doctor-check.ts';

/** Loopback only, as the server interprets it. */
const LOCALHOST = '127.0.0.1';
const MAX_NAMED = 4;

interface Address {
  host: string;
  port: number;
}

export interface ServerSettings {
  listen: Address | 'off';
  metrics: Address | 'same' | 'off';
  hasTls: boolean;
  allowOrigin: readonly string[];
  geoip: readonly string[];
  /** A loader with the same state directory runs: it may be the one that has the port. */
  isRunning: boolean;
}

export async function serverChecks(settings: ServerSettings): Promise<Check[]> {
  const { listen: address, metrics, allowOrigin, geoip } = settings;
  if (address === 'off') return [ok('listen', 'No server, because of --listen off')];
  return [
    ...(await attemptLater('listen', () => listenChecks('listen', address, settings))),
    originsCheck(address, allowOrigin, settings.hasTls),
    ...(await attemptLater('metrics', async () => {
      if (metrics === 'off') return [ok('metrics', 'Not served')];
      if (metrics === 'same') return [ok('metrics', 'Served on the port of the dashboard, with the token')];
      return await listenChecks('metrics', metrics, settings);
    })),
    ...(await attemptLater('geoip', async () => {
      if (geoip.length === 0) return [ok('geoip', 'No --geoip file is used')];
      const places = new Places(await readPlaceFiles(geoip));
      return [ok('geoip', places.labels.join(', '))];
    })),
  ];
}

/** Opens the port for a moment: no other check is certain. */
async function listenChecks(
  id: 'listen' | 'metrics',
  { host, port }: Address,
  { isRunning, hasTls }: Pick<ServerSettings, 'isRunning' | 'hasTls'>,
): Promise<Check[]> {
  const server = createServer((_, response) => response.destroy());
  try {
    const opened = await listen(server, host === 'localhost' ? LOCALHOST : host, port, `--${id}`);
    const shown = `${host}:${port === 0 ? 'any port' : opened}`;
    return [isLoopback(host) || hasTls ? ok(id, `${shown} is free`) : warn(id, EXPOSED[id])];
  } catch (error) {
    const isTaken = error instanceof SetupError && (error.facts.cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (isRunning && isTaken) return [warn(id, error)];
    throw error;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

function originsCheck({ host, port }: Address, extra: readonly string[], hasTls: boolean): Check {
  // The names of the certificate are allowed, too.
  const { origins } = allowedFor(host, port, extra, hasTls ? { covers: () => false } : undefined);
  const named = [...extra, ...[...origins].filter((origin) => !extra.includes(origin))];
  const more = named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} more` : '';
  return ok('origins', `Pages may connect from ${named.slice(0, MAX_NAMED).join(', ')}${more}`);
}
