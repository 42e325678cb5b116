/** Options of a hub that keeps the fleet's history in ClickHouse. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { SetupError } from '../../errors/setup-error.ts';
import { list } from '../options/shared-options.ts';
import { bytes, fileName } from '../options/values.ts';

export interface HistorySettings {
  /** Origins of one or more servers with the same tables. */
  readonly urls: readonly string[];
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Whether nodes ship permitted packets, too. */
  readonly hasAll: boolean;
  readonly spool: string;
  readonly maxSpoolBytes: number;
}

const DEFAULT_SPOOL_BYTES = 1024 ** 3;
const MIN_SPOOL_BYTES = 16 * 1024 ** 2;
const CLUSTER = /^[A-Za-z0-9_.-]{1,64}$/;

/** Parses the URL of a ClickHouse server. Rejects a name and password in it, which would be logged. */
export function clickhouseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username || url?.password)
    throw new InvalidArgumentError(
      'Leave name and password out: give them in PACKETLOG_CLICKHOUSE_USER and PACKETLOG_CLICKHOUSE_PASSWORD.',
    );
  if (url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin;
  throw new InvalidArgumentError('Write http:// or https:// and a host with its port, such as http://127.0.0.1:8123.');
}

function clusterName(text: string): string {
  if (CLUSTER.test(text)) return text;
  throw new InvalidArgumentError('Write the name of a cluster in remote_servers of ClickHouse’s configuration.');
}

function spoolSize(text: string): number {
  const size = bytes(text);
  if (size >= MIN_SPOOL_BYTES && Number.isSafeInteger(size)) return size;
  throw new InvalidArgumentError('Write 16MiB or more, for example 1GiB.');
}

/** In the order of --help. */
export function historyOptions(): Option[] {
  return [
    new Option(
      '--clickhouse <url>',
      'keep the history of the fleet in this ClickHouse server (HTTP interface); repeat for each server of a cluster',
    )
      .argParser(list(clickhouseUrl))
      .env('PACKETLOG_CLICKHOUSE'),
    new Option('--clickhouse-cluster <name>', 'distribute the tables over the shards of this cluster')
      .argParser(clusterName)
      .env('PACKETLOG_CLICKHOUSE_CLUSTER'),
    new Option('--clickhouse-user <name>', 'user of ClickHouse; the password is PACKETLOG_CLICKHOUSE_PASSWORD').env(
      'PACKETLOG_CLICKHOUSE_USER',
    ),
    new Option('--clickhouse-password-file <file>', 'file with the password of ClickHouse')
      .argParser(fileName)
      .env('PACKETLOG_CLICKHOUSE_PASSWORD_FILE'),
    new Option('--history <packets>', 'which packets nodes ship; sums by minute of all packets always')
      .choices(['denied', 'all'])
      .default('denied')
      .env('PACKETLOG_HUB_HISTORY'),
    new Option('--spool <dir>', 'blocks that are not in ClickHouse yet (default: spool in --state)')
      .argParser(fileName)
      .env('PACKETLOG_HUB_SPOOL'),
    new Option('--spool-size <bytes>', 'room for them; nodes keep what does not fit')
      .argParser(spoolSize)
      .default(DEFAULT_SPOOL_BYTES, '1GiB')
      .env('PACKETLOG_HUB_SPOOL_SIZE'),
  ];
}

/** The values of these options, as commander returns them. */
export interface GivenHistoryOptions {
  readonly clickhouse?: readonly string[];
  readonly clickhouseCluster?: string;
  readonly clickhouseUser?: string;
  readonly clickhousePasswordFile?: string;
  readonly history?: 'denied' | 'all';
  readonly spool?: string;
  readonly spoolSize?: number;
}

/** Returns undefined without --clickhouse. `state`: of the hub. Throws SetupError. */
export function historyOf(
  given: GivenHistoryOptions,
  state: string,
  environment: NodeJS.ProcessEnv,
): HistorySettings | undefined {
  const { clickhouse: urls, clickhouseCluster: cluster, spool, spoolSize: size = DEFAULT_SPOOL_BYTES } = given;
  if (urls === undefined) return undefined;
  if (urls.length > 1 && cluster === undefined)
    throw unusable('--clickhouse', 'there are several servers', 'Name their cluster with --clickhouse-cluster NAME.');
  if (spool === undefined && state.includes('://'))
    throw unusable('--clickhouse', 'the hub has no directory for its spool', 'Name one with --spool DIR.');
  return {
    urls: [...new Set(urls)],
    cluster,
    user: given.clickhouseUser,
    password: passwordOf(given.clickhousePasswordFile) ?? environment['PACKETLOG_CLICKHOUSE_PASSWORD'],
    hasAll: given.history === 'all',
    spool: resolve(spool ?? join(state, 'spool')),
    maxSpoolBytes: size,
  };
}

function passwordOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (cause) {
    throw new SetupError({ step: 'read --clickhouse-password-file', target: path, exit: 'usage', cause });
  }
}

function unusable(target: string, problem: string, next: string): SetupError {
  return new SetupError({ step: 'use', target, problem, next, exit: 'usage' });
}
