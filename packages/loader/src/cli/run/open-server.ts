/** Opens the server with the options of a run. */
import type { Logger } from 'pino';
import type { Places } from '../../enrichment/places.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { LineLimit } from '../../server/access/line-limit.ts';
import { Server } from '../../server/server.ts';
import type { RunOptions } from '../options/run-options.ts';
import { dashboardDirectory } from './dashboard-directory.ts';
import { session } from './session.ts';
import { openTls } from './tls.ts';
import { storedTokens, storeTokens } from './token-file.ts';

/** Returns undefined with `--listen off`. Throws SetupError. */
export async function openServer(
  options: RunOptions,
  places: Places | undefined,
  log: Logger,
  lines: LineLimit,
  isHealthy: () => boolean,
): Promise<Server | undefined> {
  if (options.listen === 'off') {
    if (options.metrics !== 'off') throw withoutServer('metrics');
    if (options.tls !== undefined) throw withoutServer('TLS');
    return undefined;
  }
  const { PACKETLOG_TOKEN: token, PACKETLOG_ADMIN_TOKEN: adminToken } = process.env;
  const { directory } = options.state;
  const isGiven = token !== undefined && adminToken !== undefined;
  const stored = isGiven ? undefined : storedTokens(directory);
  const server = await Server.open({
    listen: options.listen,
    ui: uiDirectory(options.ui),
    allowOrigin: options.allowOrigin,
    allowNode: options.allowNode,
    token: token ?? stored?.readOnly,
    adminToken: adminToken ?? stored?.admin,
    session: session(),
    clock: options.clock,
    processes: options.netns === undefined,
    reverseDns: options.reverseDns,
    places,
    log,
    lines,
    isHealthy,
    tls: openTls(options, log),
    metrics: options.metrics === 'off' ? undefined : options.metrics,
  });
  // If the environment sets one of the tokens, store neither: the file would contain that secret.
  if (token === undefined && adminToken === undefined && stored === undefined) storeTokens(directory, server.tokens);
  return server;
}

/** Returns the error for an option that needs a server, with `--listen off`. */
export function withoutServer(target: string): SetupError {
  return new SetupError({
    step: 'serve',
    target,
    problem: 'with --listen off there is no server',
    next: 'Remove --listen off; --ui off serves no dashboard.',
    exit: 'usage',
  });
}

/** Returns the directory of the dashboard; undefined with `--ui off`. Throws SetupError. */
export function uiDirectory(ui: string | undefined): string | undefined {
  if (ui === 'off') return undefined;
  if (ui !== undefined) return ui;
  const built = dashboardDirectory();
  if (built !== undefined) return built;
  throw new SetupError({
    step: 'serve',
    target: 'dashboard',
    problem: 'it is not built',
    next: 'Build it (pnpm build), name its directory with --ui DIR, or use --ui off.',
    exit: 'usage',
  });
}
