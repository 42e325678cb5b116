/** Counts denied packets in what a loader printed as JSON. */
import type { LabProcess } from '../lab/process.ts';
import type { JsonRecord } from './console-output.ts';

type Wanted = { readonly [Field in keyof JsonRecord]?: JsonRecord[Field] | undefined };

/** Returns the number of denied packets so far that have these fields. */
export function denied(packetlog: LabProcess, wanted: Wanted): number {
  const lines = packetlog.stdout.split('\n').slice(0, -1);
  const records = lines.map((line) => JSON.parse(line) as Partial<JsonRecord>);
  return records.filter(
    (record) =>
      record.action === 'deny' &&
      Object.entries(wanted).every(([name, value]) => record[name as keyof JsonRecord] === value),
  ).length;
}
