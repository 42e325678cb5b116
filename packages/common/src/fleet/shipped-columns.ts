/** The columns of shipped blocks, as ClickHouse names their types. */
import { FIELD_BYTES, PACKET_LOG_FIELDS } from '../record/layout.ts';
import { CONSTANT_TYPE } from '../segments/native-bytes.ts';
import type { ShipTable } from './node-messages.ts';

export interface ShippedColumn {
  readonly name: string;
  readonly type: string;
  /** Bytes of a value; of an address, those of an entry of its dictionary; 0: the name of the node. */
  readonly bytes: number;
  readonly kind: 'number' | 'address' | 'node';
}

const NODE: ShippedColumn = { name: 'node', type: CONSTANT_TYPE, bytes: 0, kind: 'node' };
const number = (name: string, type: string, bytes: number): ShippedColumn => ({ name, type, bytes, kind: 'number' });

/** Columns of blocks, and of the tables in ClickHouse. `packets`: those of segment files. */
export const SHIPPED_COLUMNS: Readonly<Record<ShipTable, readonly ShippedColumn[]>> = {
  packets: [
    NODE,
    ...PACKET_LOG_FIELDS.map(({ name, type }) =>
      type === 'addr'
        ? { name, type: 'LowCardinality(FixedString(16))', bytes: FIELD_BYTES[type], kind: 'address' as const }
        : number(name, `UInt${type.slice(1)}`, FIELD_BYTES[type]),
    ),
  ],
  minutes: [
    number('day', 'Date', 2),
    number('minute', 'DateTime', 4),
    NODE,
    number('ip_protocol', 'UInt8', 1),
    number('action', 'UInt8', 1),
    number('rule_id', 'UInt32', 4),
    number('packets', 'UInt64', 8),
    number('bytes', 'UInt64', 8),
    number('records', 'UInt64', 8),
  ],
};
