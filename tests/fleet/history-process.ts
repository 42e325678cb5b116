/**
 * The history of a hub in a process of its own, so that it can be killed: takes blocks as the hub does. Arguments: the
 * spool's directory, its bytes, the cluster or '', then the addresses of the ClickHouse servers. A node's token is its
 * name in hex, filled up with `A`. Prints its port, then its counts as JSON for each line that it reads.
 */
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { History, shipHandler } from '@packetlog/hub/history';

const [, , directory = '', maxSpoolBytes, cluster = '', ...urls] = process.argv;
const log = {
  info: (facts: object, message: string) => console.error(message, facts),
  warn: (facts: object, message: string) => console.error(message, facts),
};
const history = await History.open({
  hasAll: true,
  directory,
  maxSpoolBytes: Number(maxSpoolBytes),
  clickhouse: { urls, ...(cluster !== '' && { cluster }) },
  log,
});
const nodeOf = (token: string) => Buffer.from(token.replace(/A*$/, ''), 'hex').toString();
const handle = shipHandler({ bySessionToken: (token) => ({ name: nodeOf(token) }) as never }, history);
const server = createServer((request, response) => void handle(request, response));
server.listen(0, '127.0.0.1', () => console.log((server.address() as { port: number }).port));
createInterface({ input: process.stdin }).on('line', () => console.log(JSON.stringify(history.counts)));
