/** Sets up each dashboard test: a network, a real Chromium, and loaders whose ports are forwarded into this namespace. */
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { End, NetworkOptions } from '../lab/network.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { type Forward, forwardPort } from '../lab/traffic.ts';
import { openPage, startChromium, untilApplied, type Watched } from './chromium.ts';
import { makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork, type Suite } from './suite.ts';

export const TOKEN = 'a-token-of-the-test-0123456789';
export const ADMIN_TOKEN = 'a-token-to-change-rules-0123456789';

type Tokens = Readonly<Record<'PACKETLOG_TOKEN', string>>;
type Environment = Readonly<Record<string, string>>;
const TOKENS = { PACKETLOG_TOKEN: TOKEN, PACKETLOG_ADMIN_TOKEN: ADMIN_TOKEN };

export interface ServedLoader {
  readonly packetlog: LabProcess;
  /** Paths of its state, for commands. */
  readonly place: RulesPlace;
  readonly port: number;
  readonly origin: string;
  /** The URL of the page with the read-only token. */
  readonly url: string;
  /** The fragment with the read-only token, for any page. */
  readonly look: string;
  /** The fragment with the admin token as well. */
  readonly change: string;
}

export interface DashboardSuite extends Suite {
  readonly browser: Browser;
  /** Starts a loader that watches the server's interface and is reachable from here; `args` are added. */
  start(...args: string[]): Promise<ServedLoader>;
  /** Starts a loader at any end of a link, with this token and without an admin token. */
  startAt(end: End, token: string, ...args: string[]): Promise<ServedLoader>;
  /** As `start`, at this port; reachable from here only if an earlier loader had the port. */
  serve(port: number, ...args: string[]): Promise<LabProcess>;
  /** Opens a page. Resolves when it is live, and on the Live page when the loader sends rows. */
  open(url: string, options?: BrowserContextOptions): Promise<Watched>;
}

export function eachWithDashboard(options: NetworkOptions = {}): DashboardSuite {
  const suite = eachWithNetwork(options);
  const forwards: Forward[] = [];
  const places: RulesPlace[] = [];
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    for (const forward of forwards.splice(0)) await forward.close();
    for (const place of places.splice(0)) place.remove();
  });
  afterAll(() => browser?.close());
  const need = () => {
    if (!browser) throw new Error('only inside a test');
    return browser;
  };
  const serve = async ({ namespace, device }: End, port: number, env: Environment, args: readonly string[]) => {
    const fixed = ['--iface', device, '--print', 'none', '--listen', `127.0.0.1:${port}`];
    const packetlog = suite.own(startPacketlog(namespace, { args: [...fixed, ...args], env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  };
  const start = async (end: End, tokens: Tokens, args: readonly string[]): Promise<ServedLoader> => {
    // Bound here before the loader binds it in the namespace, where nothing else runs.
    const forward = await forwardPort(end.namespace, 0);
    forwards.push(forward);
    const { port } = forward;
    const place = makeRulesPlace();
    places.push(place);
    const packetlog = await serve(end, port, { ...place.env, ...tokens }, args);
    const origin = `http://localhost:${port}`;
    const look = `#token=${tokens.PACKETLOG_TOKEN}`;
    return {
      packetlog,
      place,
      port,
      origin,
      url: `${origin}/${look}`,
      look,
      change: `${look}&admin_token=${ADMIN_TOKEN}`,
    };
  };
  const server = () => suite.network.link.server;
  return {
    get network() {
      return suite.network;
    },
    get browser() {
      return need();
    },
    own: suite.own,
    serve: (port, ...args) => serve(server(), port, TOKENS, args),
    start: (...args) => start(server(), TOKENS, args),
    startAt: (end, token, ...args) => start(end, { PACKETLOG_TOKEN: token }, args),
    open: async (url, context) => {
      const opened = await openPage(need(), url, context);
      await opened.page.locator('[data-testid=connection-state][data-state=live]').waitFor();
      const { pathname, hash } = new URL(url);
      if (pathname === '/') await untilApplied(opened.page, new URLSearchParams(hash.slice(1)).get('filter') ?? '');
      return opened;
    },
  };
}
