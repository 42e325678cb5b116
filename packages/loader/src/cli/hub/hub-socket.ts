/** Requests to the running hub over its Unix socket. */
import { type IncomingMessage, request } from 'node:http';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { commandUser } from '../process/command-user.ts';

const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ECONNREFUSED']);
const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/** Resolves with the response to a POST; undefined if no hub runs there. Throws SetupError if it cannot be reached. */
export async function askSocket(socketPath: string, path: string, body: string): Promise<IncomingMessage | undefined> {
  try {
    return await post(socketPath, path, body);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (ABSENT.has(code)) return undefined;
    const isDenied = DENIED.has(code);
    throw new SetupError({
      step: 'reach the hub at',
      target: socketPath,
      ...(isDenied && { problem: 'permission denied', next: privilegeAdvice({ command: 'packetlog hub …' }) }),
      exit: isDenied ? 'privilege' : 'failed',
      cause,
    });
  }
}

function post(socketPath: string, path: string, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': Buffer.byteLength(body), 'packetlog-user': userHeader() };
    const outgoing = request({ socketPath, path, method: 'POST', headers, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The value comes from the environment, and may hold characters that Node.js rejects in a header. */
function userHeader(): string {
  return commandUser(process.env).user.replace(/[^ -~]/g, '?');
}
