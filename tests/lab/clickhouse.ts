/** Runs a real ClickHouse server on loopback, with a port, a configuration and directories of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKET_LOG_FIELDS } from '@packetlog/common';
import { programPath } from './program.ts';
import { until } from './until.ts';

export interface ClickHouse {
  readonly url: string;
  readonly pid: number;
  /** Resolves with the answer to one statement, in its FORMAT. Throws with the server's message. */
  query(statement: string): Promise<Uint8Array>;
  /** The same as text, without the last line feed. */
  text(statement: string): Promise<string>;
  /** Inserts `body`, rows in this format (`Native`, `RowBinary`). `encoding`: how it is compressed, as in HTTP. */
  insert(table: string, format: string, body: Uint8Array, encoding?: 'gzip'): Promise<void>;
  /** Ends the process at once, in the middle of whatever it does; `start` starts it again with its data. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends the process and removes its directories. */
  close(): Promise<void>;
}

export const CLUSTER = 'fleet';

/**
 * Columns of a table of records, in the order of layout.ts, for `CREATE TABLE`. A record of 64 bytes is one row of it in
 * RowBinary.
 */
export const RECORD_COLUMNS = PACKET_LOG_FIELDS.map(({ name, type }) =>
  type === 'addr' ? `${name} LowCardinality(FixedString(16))` : `${name} UInt${type.slice(1)}`,
).join(', ');

export async function startClickHouse(): Promise<ClickHouse> {
  const [server] = await startClickHouses(1);
  return server as ClickHouse;
}

/** Starts servers that are the shards of the cluster CLUSTER. */
export async function startClickHouses(number: number): Promise<ClickHouse[]> {
  // First: if it is missing, nothing must be left.
  const program = programPath('usr/sbin/clickhouse-server');
  const places: Place[] = [];
  for (let i = 0; i < number; i++) places.push({ http: await freePort(), tcp: await freePort() });
  const started = await Promise.allSettled(places.map((place) => startServer(program, place, places)));
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed === undefined) return servers;
  await Promise.all(servers.map((server) => server.close()));
  throw failed.reason;
}

/** Ports of a server. */
interface Place {
  readonly http: number;
  readonly tcp: number;
}

async function startServer(program: string, place: Place, shards: readonly Place[]): Promise<ClickHouse> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-clickhouse-'));
  const url = `http://127.0.0.1:${place.http}/`;
  let server: ChildProcess;
  let ended: Promise<unknown>;
  const start = async () => {
    server = spawn(program, [`--config-file=${join(directory, 'config.xml')}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let printed = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    ended = endOf(server);
    await until(() => isReady(url, server), {
      what: 'ClickHouse to be ready',
      evidence: () => printed + logOf(directory),
    });
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    server.kill(signal);
    await ended;
  };
  const close = async () => {
    await end('SIGTERM');
    rmSync(directory, { recursive: true });
  };
  writeConfiguration(directory, place, shards);
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const query = (statement: string) => ask(url, statement);
  return {
    url,
    get pid() {
      return server.pid as number;
    },
    query,
    text: async (statement) => new TextDecoder().decode(await query(statement)).trimEnd(),
    insert: async (table, format, body, encoding) => {
      const insertion = encodeURIComponent(`INSERT INTO ${table} FORMAT ${format}`);
      await ask(`${url}?query=${insertion}`, body, encoding === undefined ? {} : { 'Content-Encoding': encoding });
    },
    kill: () => end('SIGKILL'),
    start,
    close,
  };
}

async function ask(url: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Uint8Array> {
  const response = await fetch(url, { method: 'POST', body: body as BodyInit, headers });
  if (!response.ok) throw new Error(`ClickHouse: ${await response.text()}`);
  return response.bytes();
}

async function isReady(url: string, server: ChildProcess): Promise<boolean> {
  if (server.exitCode !== null || server.signalCode !== null) throw new Error('clickhouse-server ended at its start');
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

/** Resolves, too, when it could not be started. */
function endOf(server: ChildProcess): Promise<unknown> {
  return Promise.race([once(server, 'exit'), once(server, 'error')]);
}

/** Only loopback. Connections last: after 3 s, a slow test's next request would meet their end. */
function writeConfiguration(directory: string, { http, tcp }: Place, shards: readonly Place[]): void {
  const shard = (port: number) => `<shard><replica><host>127.0.0.1</host><port>${port}</port></replica></shard>`;
  writeFileSync(
    join(directory, 'config.xml'),
    `<yandex>
      <logger><level>warning</level><log>${join(directory, 'server.log')}</log><errorlog>${join(directory, 'error.log')}</errorlog></logger>
      <listen_host>127.0.0.1</listen_host><http_port>${http}</http_port><tcp_port>${tcp}</tcp_port>
      <remote_servers><${CLUSTER}>${shards.map((each) => shard(each.tcp)).join('')}</${CLUSTER}></remote_servers>
      <keep_alive_timeout>600</keep_alive_timeout>
      <path>${join(directory, 'data')}/</path><tmp_path>${join(directory, 'tmp')}/</tmp_path>
      <users_config>users.xml</users_config><default_profile>default</default_profile>
      <default_database>default</default_database><mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone>
    </yandex>`,
  );
  writeFileSync(
    join(directory, 'users.xml'),
    `<yandex>
      <profiles><default>
        <max_threads>2</max_threads><max_memory_usage>2000000000</max_memory_usage>
        <allow_experimental_low_cardinality_type>1</allow_experimental_low_cardinality_type>
      </default></profiles>
      <users><default>
        <password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      </default></users>
      <quotas><default></default></quotas>
    </yandex>`,
  );
}

function logOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'error.log'), 'utf8').slice(-4000);
  } catch {
    return '';
  }
}

/** Another process could take the port before the server does: then the server ends at its start, with its message. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
