/** Formats what became of the blocks of recorded packets. */
import type { FleetHistory } from '@packetlog/common/fleet';
import { printableName } from '../../system/interface-name.ts';

const MIB = 2 ** 20;
const grouped = (value: number) => value.toLocaleString('en-US');

export function historyText(history: FleetHistory): string {
  const { spool_bytes, spool_max_bytes, problem } = history;
  const size = (bytes: number) => `${grouped(Math.ceil(bytes / MIB))} MiB`;
  const lines: [string, string][] = [
    [
      'Acknowledged',
      `${grouped(history.acknowledged_rows)} records in ${grouped(history.acknowledged_blocks)} blocks since the start`,
    ],
    ['Spool', `${grouped(history.spool_rows)} records, ${size(spool_bytes)} of ${size(spool_max_bytes)}`],
    [
      'ClickHouse',
      `${grouped(history.inserted_rows)} records in ${grouped(history.inserts)} inserts; ${grouped(history.insert_failures)} failed`,
    ],
    ['Twice', `${grouped(history.possibly_duplicated_rows)} records may be in ClickHouse twice`],
    [
      'Not taken',
      `${grouped(history.malformed_blocks)} malformed blocks; ${grouped(history.full_blocks)} because the spool was full`,
    ],
    ['Repeated', `${grouped(history.duplicate_blocks)} blocks that were acknowledged before`],
    ...(problem === undefined ? [] : [['Problem', printableName(problem)] as [string, string]]),
  ];
  return lines.map(([name, text]) => `${name.padEnd(14)}${text}\n`).join('');
}
