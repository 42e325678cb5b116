// @ts-check
/**
 * Runs inside a namespace and answers requests of the test over the IPC channel: `{ id, method, argument }` and
 * optionally a socket, answered by `{ id, value }` or `{ id, error }`. Plain JavaScript, because it is started without
 * a compiler. Ends when the test closes the channel.
 */
import { sendFrames } from './raw.mjs';
import { connectTo, exchangeTcp, holdTcp, listenTcp, tcpReceived, tryHeld, tryTcp } from './tcp.mjs';
import { closeTun, openTun, writeTun } from './tun.mjs';
import { askUdp, echoUdp, listenUdp, sendUdp, udpReceived } from './udp.mjs';

/** @type {Record<string, (argument: any, handle: any) => unknown>} */
const methods = {
  ready: () => true,
  sendUdp,
  listenUdp,
  udpReceived,
  askUdp,
  echoUdp,
  listenTcp,
  tcpReceived,
  tryTcp,
  exchangeTcp,
  holdTcp,
  tryHeld,
  connectTo,
  sendFrames,
  openTun,
  writeTun,
  closeTun,
};

process.on('message', async (/** @type {any} */ { id, method, argument }, handle) => {
  try {
    const value = await methods[method]?.(argument, handle);
    process.send?.({ id, value });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on('disconnect', () => process.exit());
