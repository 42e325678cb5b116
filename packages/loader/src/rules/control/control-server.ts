/**
 * Serves the commands of this machine: HTTP over a Unix socket that only its owner can open. `POST /rules/<verb>` takes
 * the bodies of `rules:<verb>` on the WebSocket and returns the same answers. `POST /rules/import?set=NAME&…` takes a
 * raw list of any length. `POST /session` identifies this loader, `POST /status` describes its state,
 * `POST /rotate-tokens` replaces the tokens of the dashboard. `POST /past/<verb>` takes the bodies of `past:<verb>` for
 * `facts`, `bookmark` and `unbookmark`; `POST /bans/<verb>` those of `bans:<verb>`; `POST /alerts/<verb>` those of
 * ipc/alerts/alerts-access.ts; `POST /limits/top` that of `limits:top`. `POST
 * /limits/tried` records a dry run of a limit.
 */
import { existsSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, isIP } from 'node:net';
import {
  type Acknowledgement,
  type BansAnswer,
  type BansVerb,
  bansRequestSchemas,
  type LimitLevels,
  type RulesAnswer,
  type RulesVerb,
  rulesRequestSchemas,
} from '@packetlog/common';
import {
  type AlertAnswer,
  type AlertsAccess,
  type AlertVerb,
  alertRequestSchemas,
} from '../../ipc/alerts/alerts-access.ts';
import type { ControlSession, RotatedTokens } from '../../ipc/control-session.ts';
import type { BansAccess } from '../../ipc/defence/bans-access.ts';
import type { LoaderStatus } from '../../ipc/loader-status.ts';
import {
  LOCAL_PAST_VERBS,
  type LocalPastVerb,
  NOT_RECORDED,
  type PastAccess,
  type PastAnswer,
} from '../../ipc/past-access.ts';
import type { Caller } from '../../ipc/rules-access.ts';
import type { RulesApi } from '../api/rules-api.ts';
import { ADDRESS_HEADER, USER_HEADER } from './control-headers.ts';

/** Limits a request body. A list of 1,100,000 lines is much shorter. */
const MAX_BYTES = 256 * 1024 * 1024;
/** umask for bind(2), which creates a socket with mode 0777: only its owner gets access. */
const OWNERS_UMASK = 0o177;
const MAX_NAME_LENGTH = 64;

type Answer =
  | RulesAnswer<RulesVerb>
  | { readonly ok: true; readonly value: Record<string, never> }
  | { readonly ok: true; readonly value: ControlSession | LoaderStatus | RotatedTokens }
  | AlertAnswer<AlertVerb>
  | BansAnswer<BansVerb>
  | Acknowledgement<LimitLevels>
  | PastAnswer;

/** Describes this loader to other commands on this machine. */
export interface LoaderDescription {
  session(): ControlSession;
  status(): LoaderStatus;
  rotateTokens(): RotatedTokens;
  /** Undefined where nothing is recorded. */
  past(): PastAccess | undefined;
  alerts(): AlertsAccess;
  bans(): BansAccess;
}

/** Starts to serve. Resolves with undefined if another loader answers at `path`. Throws the file system's error. */
export async function serveControl(
  path: string,
  rulesApi: RulesApi,
  loader: LoaderDescription,
): Promise<Server | undefined> {
  if (existsSync(path)) {
    if (await isAnswered(path)) return undefined;
    // The leftover of a loader that was killed.
    rmSync(path);
  }
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    handle(rulesApi, loader, request, gone.signal).then(
      (answer) => reply(response, answer),
      (error: unknown) => reply(response, rejected(error instanceof Error ? error.message : 'It cannot be read.')),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // `listen` binds before it returns. A chmod afterwards would leave the socket open to others for a moment.
    const previousUmask = process.umask(OWNERS_UMASK);
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(previousUmask);
    }
  });
  // A dry run may take longer than the default timeout.
  server.requestTimeout = 0;
  return server;
}

async function handle(
  rulesApi: RulesApi,
  loader: LoaderDescription,
  request: IncomingMessage,
  gone: AbortSignal,
): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://control');
  const { pathname } = url;
  if (request.method !== 'POST') return UNKNOWN;
  if (pathname === '/session') return { ok: true, value: loader.session() };
  if (pathname === '/status') return { ok: true, value: loader.status() };
  if (pathname === '/rotate-tokens') return { ok: true, value: loader.rotateTokens() };
  const pastVerb = LOCAL_PAST_VERBS.find((each) => pathname === `/past/${each}`);
  if (pastVerb !== undefined) return askPast(loader.past(), pastVerb, request, gone);
  const alertVerb = /^\/alerts\/([a-z]+)$/.exec(pathname)?.[1] ?? '';
  if (isAlertVerb(alertVerb))
    return loader.alerts().ask(alertVerb, JSON.parse((await bodyOf(request)).toString('utf8')));
  const bansVerb = /^\/bans\/([a-z]+)$/.exec(pathname)?.[1] ?? '';
  if (isBansVerb(bansVerb)) return askBans(loader.bans(), bansVerb, request);
  if (pathname === '/limits/top') return rulesApi.limits(JSON.parse((await bodyOf(request)).toString('utf8')));
  if (pathname === '/limits/tried') return rulesApi.limitTried(JSON.parse((await bodyOf(request)).toString('utf8')));
  const verb = /^\/rules\/([a-z_]+)$/.exec(pathname)?.[1] ?? '';
  if (!isVerb(verb)) return UNKNOWN;
  const body = await bodyOf(request);
  const caller = { ...callerOf(request), gone };
  if (verb === 'import' && url.search !== '') return rulesApi.importBytes(queryOf(url), body, caller);
  return rulesApi.ask(verb, body.length === 0 ? {} : JSON.parse(body.toString('utf8')), caller);
}

const UNKNOWN: Answer = {
  ok: false,
  error: { code: 'not_found', message: 'Use POST /rules/list, /rules/add and so on.' },
};

/** Number of the last caller, below those of the server's clients: no command replaces the question of another. */
let lastCaller = 0;

async function askPast(
  past: PastAccess | undefined,
  verb: LocalPastVerb,
  request: IncomingMessage,
  gone: AbortSignal,
): Promise<PastAnswer> {
  const body = await bodyOf(request);
  return (
    past?.ask(verb, JSON.parse(body.toString('utf8')), { client: --lastCaller, mayChange: true, gone }) ?? NOT_RECORDED
  );
}

async function askBans(bans: BansAccess, verb: BansVerb, request: IncomingMessage): Promise<BansAnswer<BansVerb>> {
  return bans.ask(verb, JSON.parse((await bodyOf(request)).toString('utf8')), callerOf(request));
}

function isAlertVerb(text: string): text is AlertVerb {
  return Object.hasOwn(alertRequestSchemas, text);
}

function isBansVerb(text: string): text is BansVerb {
  return Object.hasOwn(bansRequestSchemas, text);
}

function isVerb(text: string): text is RulesVerb {
  return Object.hasOwn(rulesRequestSchemas, text);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`More than ${MAX_BYTES} bytes: split the list into several sets.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function queryOf({ searchParams }: URL): Record<string, unknown> {
  const flags = new Set(['force', 'skip_bad', 'allow_empty']);
  return Object.fromEntries([...searchParams].map(([key, value]) => [key, flags.has(key) ? value === 'true' : value]));
}

/** Returns the caller. Only root can open the socket; the client itself states which user became root. */
function callerOf({ headers }: IncomingMessage): Caller {
  const given = headers[USER_HEADER];
  const user = typeof given === 'string' ? given.replace(/[^\w.@+-]/g, '').slice(0, MAX_NAME_LENGTH) : '';
  const name = user === '' || user === 'root' ? 'root' : `root (${user})`;
  const from = headers[ADDRESS_HEADER];
  const address = typeof from === 'string' && isIP(from) !== 0 ? { address: from } : {};
  return { who: { name, via: 'control', uid: 0, ...address }, mayChange: true, mayNameFiles: true };
}

function rejected(message: string): Answer {
  return { ok: false, error: { code: 'invalid', message } };
}

function reply(response: ServerResponse, answer: Answer): void {
  const text = 'json' in answer ? `{"ok":true,"value":${answer.json}}` : JSON.stringify(answer);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** Returns whether a process accepts connections at `path`. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
