/**
 * The start of packetlog-server.service: gets the descriptors from the core, then replaces itself with the server
 * process (execve(2)), which has no native code. Argument: path of the core's Unix socket.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NO_SERVER, SERVER_LEFT } from '../ipc/server-descriptors.ts';
import { connectStream, receiveDescriptors } from '../native/descriptor-passing.ts';
import { connectNotifySocket } from '../native/notify-socket.ts';
import { SERVER_FLAGS } from './server-flags.ts';

const PROGRAM = fileURLToPath(new URL('../server-process.cjs', import.meta.url));
/** marks, slabs, released. */
const DESCRIPTORS = 3;
const RETRY_MS = 200;
const RETRIES = 50;

/** Connects to the core, which may still be starting. Throws the last error. */
async function connectToCore(path: string): Promise<number> {
  for (let left = RETRIES; ; left--) {
    try {
      return connectStream(path);
    } catch (error) {
      if (left === 0) throw error;
    }
    await delay(RETRY_MS);
  }
}

function fail(why: string): never {
  process.stderr.write(`packetlog: start server process: ${why}. See: systemctl status packetlog.\n`);
  process.exit(SERVER_LEFT);
}

const [, , path] = process.argv;
if (path === undefined) fail('the path of the socket is missing');
const channel = await connectToCore(path).catch((error: Error) => fail(`${path}: ${error.message}`));
const { text, descriptors } = receiveDescriptors(channel, 1, DESCRIPTORS);
// With --listen off there is nothing to serve: exit code 0 means that no restart is needed.
if (text[0] === NO_SERVER[0]) process.exit(0);
if (descriptors.length !== DESCRIPTORS) fail('packetlog has closed the connection');

const { NOTIFY_SOCKET: notifySocket, WATCHDOG_USEC: watchdog = '' } = process.env;
const notify = notifySocket === undefined ? [] : [connectNotifySocket(notifySocket, 'inherited')];
const given = [channel, ...descriptors, ...notify].map(String);
// The declarations of Node.js 20 lack it.
const { execve } = process as unknown as { execve: (file: string, args: string[], env: object) => never };
execve(process.execPath, [process.execPath, ...SERVER_FLAGS, PROGRAM, ...given], { WATCHDOG_USEC: watchdog });
