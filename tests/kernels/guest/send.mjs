// @ts-check
/** Sends `count` datagrams to the server's namespace and prints what the sender counted. */
import { sendUdp } from '../../lab/agent/udp.mjs';

const [address = '', count, payloadBytes] = process.argv.slice(2);
const result = await sendUdp({
  address,
  count: Number(count),
  payloadBytes: Number(payloadBytes),
  sourcePorts: [40_001, 40_002, 40_003],
  ports: [53, 443, 5000, 65_535],
});
process.stdout.write(`${JSON.stringify(result)}\n`);
