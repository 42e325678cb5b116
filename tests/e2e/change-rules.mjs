// @ts-check
/** Adds a rule as a client. Arguments: origin, token, admin token. Prints "done", or the code of the error. */
import { PROTOCOL_VERSION } from '@packetlog/common';
import { io } from 'socket.io-client';

const [, , origin = '', token, admin_token] = process.argv;
const auth = { token, admin_token, protocol: PROTOCOL_VERSION };
const socket = io(origin, { auth, transports: ['websocket'], reconnection: false });

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
  process.exit();
}

socket.on('connect_error', (error) =>
  say(/** @type {{ data?: { code: string } }} */ (error).data?.code ?? error.message),
);
socket.on('hello', async () => {
  const answer = await socket.emitWithAck('rules:add', { rule: { action: 'observe', source: '198.51.100.77' } });
  say(answer.ok ? 'done' : answer.error.code);
});
