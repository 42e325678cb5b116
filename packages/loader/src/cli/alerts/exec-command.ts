/**
 * `packetlog alerts exec`: receives messages of webhook targets on this machine, and runs a command for each. It is a
 * process apart, without rights: the core has rights that a command would inherit, and the server process must not be
 * able to run programs.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { digestOf, hasDigest } from '../../ipc/token-digest.ts';
import { printableName } from '../../system/interface-name.ts';
import type { ListenAddress } from '../options/values.ts';
import { say } from '../process/say.ts';
import { CommandRunner } from './command-runner.ts';

const MAX_BODY_BYTES = 1 << 20;
const REQUEST_MS = 10_000;
const RETRY_SECONDS = 5;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export interface ExecOptions {
  readonly listen: ListenAddress | 'off';
  readonly token: string;
  readonly argv: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

/** Returns the token of the secret file. Throws SetupError. */
export function oneToken(file: string, lines: readonly string[]): string {
  const [token, ...others] = lines;
  if (token !== undefined && others.length === 0 && /^\S{16,}$/.test(token)) return token;
  throw new SetupError({
    step: 'use',
    target: file,
    problem: 'it has no line of 16 characters or more, without spaces, or several lines',
    next: `Make one: (umask 077; openssl rand -hex 16 > ${file}).`,
    exit: 'usage',
  });
}

/** Serves until a signal ends it. Throws SetupError. */
export async function execAlerts(options: ExecOptions): Promise<number> {
  if (process.geteuid?.() === 0) {
    throw rejected(
      'as root',
      'a message could then run the command with all rights',
      'Run it as another user: sudo -u USER packetlog alerts exec …',
    );
  }
  const { listen } = options;
  if (listen === 'off' || !LOOPBACK.test(listen.host)) {
    const where = listen === 'off' ? listen : listen.host;
    throw rejected(`at ${where}`, 'it is not an address of this machine alone', 'Use 127.0.0.1:PORT.');
  }
  const runner = new CommandRunner(options.argv, options.timeoutMs);
  const digest = digestOf(options.token);
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    void answer(request, response, runner, digest);
  });
  await listening(server, listen);
  say(`Waiting for alerts at http://${listen.host}:${listen.port}/; each runs ${options.argv[0]}.`);
  await signalled();
  runner.close();
  server.closeAllConnections();
  server.close();
  return EXIT.ok;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  runner: CommandRunner,
  digest: string,
): Promise<void> {
  const reply = (status: number, text: string) => {
    if (status !== 200) say(`Alert not handled: ${printableName(text)}.`, 'warning');
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    response.end(`${text}\n`);
  };
  const [, given = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (!hasDigest(given, digest)) return reply(401, 'the token is missing or wrong');
  if (request.method !== 'POST') return reply(405, 'use POST');
  const body = await bodyOf(request);
  if (body === undefined) return reply(413, 'the message is not complete, or longer than 1 MiB');
  if (!isJson(body)) return reply(400, 'the message is not JSON');
  if (runner.isBusy) {
    response.setHeader('retry-after', String(RETRY_SECONDS));
    return reply(503, 'the command still handles the message before');
  }
  const { succeeded, text } = await runner.run(body);
  reply(succeeded ? 200 : 500, succeeded ? 'done' : `the command failed: ${text}`);
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of request) {
      bytes += (piece as Buffer).length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      pieces.push(piece as Buffer);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces).toString('utf8');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new SetupError({ step: 'listen at', target: `${host}:${port}`, exit: 'failed', cause })),
    );
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

function rejected(target: string, problem: string, next: string): SetupError {
  return new SetupError({ step: 'run', target: `packetlog alerts exec ${target}`, problem, next, exit: 'usage' });
}
