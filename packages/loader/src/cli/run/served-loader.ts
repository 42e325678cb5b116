/** The server of a run: its options, URL and tokens, and the process that serves. */
import type { Notice } from '@packetlog/common';
import type { Logger } from 'pino';
import { Listeners } from '../../enrichment/listeners.ts';
import { readPlaceFiles } from '../../enrichment/place-files.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { FleetSettings } from '../../ipc/fleet/fleet-settings.ts';
import { handover } from '../../ipc/helpers/handover.ts';
import { processesHelper } from '../../ipc/helpers/processes-helper.ts';
import type { DrainOptions } from '../../ipc/messages.ts';
import type { ServerSettings } from '../../ipc/server-messages.ts';
import type { TlsPem } from '../../ipc/tls-pem.ts';
import { digestOf, type TokenDigests } from '../../ipc/token-digest.ts';
import type { LineLimit } from '../../line-limit.ts';
import { makeServerPipes, makeServerSlabs } from '../../reader/rows/server-memory.ts';
import { isLoopback } from '../../server/http/allowed-hosts.ts';
import { localUrl, servedUrl } from '../../server/http/served-url.ts';
import { METRICS_PATH } from '../../server/metrics/metrics-path.ts';
import { ChildLauncher } from '../../supervisor/child-launcher.ts';
import { HelperLauncher } from '../../supervisor/helper-launcher.ts';
import { SocketLauncher, turnServersAway } from '../../supervisor/socket-launcher.ts';
import { SupervisedServer } from '../../supervisor/supervised-server.ts';
import type { SupervisorOptions } from '../../supervisor/supervisor-options.ts';
import { fleetSettings } from '../options/hub-settings.ts';
import type { RunOptions } from '../options/run-settings.ts';
import type { ListenAddress } from '../options/values.ts';
import type { ServedLoader } from './loader-description.ts';
import { readPageFiles } from './page-files.ts';
import type { Served } from './served-urls.ts';
import { openTls, reloadTls } from './tls.ts';
import { storedTokens, storeTokens } from './token-file.ts';
import { type Tokens, tokensOf } from './tokens.ts';
import { uiDirectory, withoutServer } from './ui-directory.ts';

export class RunningServer implements ServedLoader {
  readonly process: SupervisedServer;
  /** What the drain thread needs: the memory of the slabs, writable, and its ends of the pipes. */
  readonly forReader: NonNullable<DrainOptions['server']>;
  readonly #parts: ServedParts;

  private constructor(process: SupervisedServer, forReader: RunningServer['forReader'], parts: ServedParts) {
    this.process = process;
    this.forReader = forReader;
    this.#parts = parts;
  }

  /**
   * Starts the server process and opens the port. Returns undefined with `--listen off`. Call it before the drain
   * thread starts, because it calls C functions. Throws SetupError.
   */
  static async open(
    options: RunOptions,
    log: Logger,
    lines: LineLimit,
    state: Pick<SupervisorOptions, 'isHealthy' | 'notice'>,
  ): Promise<RunningServer | undefined> {
    const { listen } = options;
    if (listen === 'off') {
      if (options.metrics !== 'off') throw withoutServer('metrics');
      if (options.tls !== undefined) throw withoutServer('TLS');
      if (options.fleet !== undefined) throw withoutServer('hub');
      if (options.serverSocket !== undefined) await turnServersAway(options.serverSocket);
      return undefined;
    }
    const tokens = tokensOfRun(options.state.directory);
    const fleet = options.fleet && fleetSettings(options.fleet);
    const parts: ServedParts = { options, listen, tokens, log, tls: openTls(options, log), fleet };
    const slabs = makeServerSlabs();
    const listeners = new Listeners(processesHelper());
    const common: Omit<SupervisorOptions, 'launcher'> = {
      ...state,
      settings: (port) => settingsOf(parts, port),
      listeners: () => listeners.find(),
      places: (labels, problem) => reportPlaces(log, labels, problem),
      debug: (facts, message) => log.debug(facts, message),
      lines,
    };
    if (options.serverSocket !== undefined) {
      // Report faulty options at the start, not when a server connects.
      await settingsOf(parts, listen.port);
      const launcher = await SocketLauncher.listen(options.serverSocket);
      const process = SupervisedServer.await({ ...common, launcher }, listen.port);
      return new RunningServer(process, { slabs, pipes: undefined }, parts);
    }
    const helper = handover()?.server;
    const pipes = makeServerPipes(helper !== undefined);
    const launcher =
      helper === undefined ? new ChildLauncher(slabs.readOnly) : new HelperLauncher(helper, slabs.readOnly);
    const process = await SupervisedServer.open({ ...common, launcher }, listen.port, pipes);
    return new RunningServer(process, { slabs, pipes: pipes.core }, parts);
  }

  /** URL and tokens, for root on this machine. */
  get served(): Served {
    const { listen, tls, tokens, options } = this.#parts;
    return {
      url: servedUrl(listen.host, this.process.port, tls),
      local_url: localUrl(listen.host, this.process.port, tls),
      ...(tls === undefined ? {} : { certificate: tls.cert }),
      token: tokens.readOnly,
      admin_token: tokens.admin,
      has_pages: options.ui !== 'off',
    };
  }

  /** Whether other machines can reach the server over plain HTTP. */
  get isExposed(): boolean {
    return !isLoopback(this.#parts.listen.host) && this.#parts.tls === undefined;
  }

  /** Where the metrics are served; undefined: nowhere. */
  get servedMetrics(): { readonly url: string; readonly isExposed: boolean } | undefined {
    const { metrics } = this.process;
    if (metrics === undefined) return undefined;
    return { url: metrics.url ?? `${this.served.url}${METRICS_PATH}`, isExposed: metrics.is_exposed };
  }

  get clients(): number {
    return this.process.clients;
  }

  status(): ReturnType<SupervisedServer['status']> {
    return this.process.status();
  }

  /**
   * Replaces and stores the tokens: clients with the earlier ones are disconnected. Returns why not, as a sentence.
   */
  rotateTokens(): string | undefined {
    const given = ['PACKETLOG_TOKEN', 'PACKETLOG_ADMIN_TOKEN'].filter((name) => process.env[name] !== undefined);
    if (given.length > 0)
      return `The tokens are those of ${given.join(' and ')}: change them there, then restart packetlog.`;
    const tokens = tokensOf({ readOnly: undefined, admin: undefined });
    storeTokens(this.#parts.options.state.directory, tokens);
    this.#parts.tokens = tokens;
    this.process.setTokens(digestsOf(tokens));
    return undefined;
  }

  /** Reads the GeoIP and TLS files again. Keeps the current data of those that cannot be used. */
  async reload(notice: (notice: Notice) => void): Promise<void> {
    const { options, log } = this.#parts;
    const setTls = (tls: TlsPem) => {
      this.#parts.tls = tls;
      this.process.setTls(tls);
    };
    reloadTls(options, { setTls }, log, notice);
    if (options.geoip.length === 0) return;
    try {
      this.process.replacePlaces(await readPlaceFiles(options.geoip));
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      reportPlaces(log, [], error.message);
    }
  }
}

interface ServedParts {
  readonly options: RunOptions;
  readonly listen: ListenAddress;
  tokens: Tokens;
  readonly log: Logger;
  /** The pair in use: a restarted server gets it, even if the files have become unusable. */
  tls: TlsPem | undefined;
  readonly fleet: FleetSettings | undefined;
}

async function settingsOf({ options, listen, tokens, tls, fleet }: ServedParts, port: number): Promise<ServerSettings> {
  const directory = uiDirectory(options.ui);
  return {
    listen: { host: listen.host, port },
    pages: directory === undefined ? undefined : readPageFiles(directory),
    allowOrigin: options.allowOrigin,
    allowNode: options.allowNode,
    tokens: digestsOf(tokens),
    processes: options.netns === undefined,
    reverseDns: options.reverseDns,
    places: await readPlaceFiles(options.geoip),
    tls,
    metrics: options.metrics === 'off' ? undefined : options.metrics,
    fleet,
    debug: options.logLevel === 'debug' || options.logLevel === 'trace',
  };
}

function digestsOf({ readOnly, admin }: Tokens): TokenDigests {
  return { readOnly: digestOf(readOnly), admin: digestOf(admin) };
}

/** Returns the tokens of the environment, the stored ones, or new ones, which it stores. Throws SetupError. */
function tokensOfRun(directory: string): Tokens {
  const { PACKETLOG_TOKEN: token, PACKETLOG_ADMIN_TOKEN: adminToken } = process.env;
  const isGiven = token !== undefined && adminToken !== undefined;
  const stored = isGiven ? undefined : storedTokens(directory);
  const tokens = tokensOf({ readOnly: token ?? stored?.readOnly, admin: adminToken ?? stored?.admin });
  // If the environment sets one of the tokens, store neither: the file would contain that secret.
  if (token === undefined && adminToken === undefined && stored === undefined) storeTokens(directory, tokens);
  return tokens;
}

function reportPlaces(log: Logger, labels: readonly string[], problem: string | undefined): void {
  if (problem === undefined) log.info(`countries and networks from ${labels.join(', ')}`);
  else log.warn(`${problem} The data read before stays in use.`);
}
