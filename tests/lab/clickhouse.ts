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
  /** Ends the process and removes its directories. */
  close(): Promise<void>;
}

/**
 * Columns of a table of records, in the order of layout.ts, for `CREATE TABLE`. A record of 64 bytes is one row of it in
 * RowBinary.
 */
export const RECORD_COLUMNS = PACKET_LOG_FIELDS.map(({ name, type }) =>
  type === 'addr' ? `${name} LowCardinality(FixedString(16))` : `${name} UInt${type.slice(1)}`,
).join(', ');

export async function startClickHouse(): Promise<ClickHouse> {
  // First: if it is missing, nothing must be left.
  const program = programPath('usr/sbin/clickhouse-server');
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-clickhouse-'));
  const port = await freePort();
  writeConfiguration(directory, port);
  const server = spawn(program, [`--config-file=${join(directory, 'config.xml')}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const ended = endOf(server);
  const close = async () => {
    server.kill();
    await ended;
    rmSync(directory, { recursive: true });
  };
  const url = `http://127.0.0.1:${port}/`;
  try {
    await until(() => isReady(url, server), {
      what: 'ClickHouse to be ready',
      evidence: () => printed + logOf(directory),
    });
  } catch (error) {
    await close();
    throw error;
  }
  const query = (statement: string) => ask(url, statement);
  return {
    url,
    pid: server.pid as number,
    query,
    text: async (statement) => new TextDecoder().decode(await query(statement)).trimEnd(),
    insert: async (table, format, body, encoding) => {
      const insertion = encodeURIComponent(`INSERT INTO ${table} FORMAT ${format}`);
      await ask(`${url}?query=${insertion}`, body, encoding === undefined ? {} : { 'Content-Encoding': encoding });
    },
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

/** Only loopback, and only HTTP. Connections last: after 3 s, a slow test's next request would meet their end. */
function writeConfiguration(directory: string, port: number): void {
  writeFileSync(
    join(directory, 'config.xml'),
    `<yandex>
      <logger><level>warning</level><log>${join(directory, 'server.log')}</log><errorlog>${join(directory, 'error.log')}</errorlog></logger>
      <listen_host>127.0.0.1</listen_host><http_port>${port}</http_port>
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
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
