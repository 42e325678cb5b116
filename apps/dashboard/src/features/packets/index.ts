export type { RowTableProps } from './packets.tsx';
export type { Paint } from './row-colours/colour-rules.ts';
export { usePaint } from './row-colours/use-paint.ts';
export type { ColumnKey } from './table/columns.ts';
export { packetCell } from './table/packet-row.tsx';
export { DAY_WIDTH } from './table/use-columns.ts';
