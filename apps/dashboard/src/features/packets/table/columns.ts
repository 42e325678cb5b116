/** A column of the table. */
export interface Column {
  readonly key: ColumnKey;
  readonly label: string;
  /** Explanation, for the tooltip and the column menu. */
  readonly title: string;
  /** Smallest readable width, px. */
  readonly min: number;
  /** Share of the remaining width; absent if it stays at `min`. */
  readonly share?: number;
  /** Width on wide screens, px; 0 takes what remains. */
  readonly wide: number;
  /** Whether it is visible by default. */
  readonly byDefault: (facts: TableFacts) => boolean;
}

/** Facts that decide whether a column would be the same in every row. */
export interface TableFacts {
  readonly manyInterfaces: boolean;
  readonly vlanSeen: boolean;
}

export const COLUMN_KEYS = [
  'time',
  'action',
  'src',
  'src_port',
  'dst',
  'dst_port',
  'protocol',
  'detail',
  'length',
  'interface',
  'vlan',
  'ether_type',
  'weight',
  'rule',
  'reason',
  'process',
  'country',
  'name',
] as const;
/** Columns whose values the loader looks up. */
export type LookupColumn = Extract<ColumnKey, 'process' | 'country' | 'name'>;
export type ColumnKey = (typeof COLUMN_KEYS)[number];

const always = () => true;
const never = () => false;

export const COLUMNS: Readonly<Record<ColumnKey, Column>> = keyed([
  {
    key: 'time',
    label: 'time',
    title: 'Local time when the packet reached the hook',
    min: 88,
    wide: 96,
    byDefault: always,
  },
  {
    key: 'action',
    label: 'verdict',
    title: 'Verdict on the packet',
    min: 66,
    wide: 80,
    byDefault: always,
  },
  {
    key: 'src',
    label: 'source',
    title: 'Source address, with the port unless the port has its own column',
    min: 152,
    share: 1.5,
    wide: 312,
    byDefault: always,
  },
  {
    key: 'src_port',
    label: 'src port',
    title: 'Source port',
    min: 56,
    wide: 64,
    byDefault: never,
  },
  {
    key: 'dst',
    label: 'destination',
    title: 'Destination address, with the port unless the port has its own column',
    min: 144,
    share: 1.05,
    wide: 312,
    byDefault: always,
  },
  {
    key: 'dst_port',
    label: 'dst port',
    title: 'Destination port',
    min: 56,
    wide: 64,
    byDefault: never,
  },
  {
    key: 'protocol',
    label: 'protocol',
    title: 'Protocol above IP; for other frames the Ethernet type',
    min: 56,
    wide: 72,
    byDefault: always,
  },
  {
    key: 'detail',
    label: 'flags, type',
    title: 'TCP flags, or the ICMP type',
    min: 86,
    share: 0.6,
    wide: 320,
    byDefault: always,
  },
  {
    key: 'length',
    label: 'bytes',
    title: 'Length of the frame at the hook, in bytes',
    min: 40,
    wide: 48,
    byDefault: always,
  },
  {
    key: 'interface',
    label: 'interface',
    title: 'Interface where the packet arrived',
    min: 44,
    share: 0.2,
    wide: 88,
    byDefault: ({ manyInterfaces }) => manyInterfaces,
  },
  {
    key: 'vlan',
    label: 'VLAN',
    title: 'Id of the outer VLAN tag; 0 is a priority tag',
    min: 32,
    wide: 40,
    byDefault: ({ vlanSeen }) => vlanSeen,
  },
  {
    key: 'ether_type',
    label: 'EtherType',
    title: 'Ethernet type behind the VLAN tags',
    min: 60,
    wide: 72,
    byDefault: never,
  },
  {
    key: 'weight',
    label: 'weight',
    title: 'Packets this row represents when sampling',
    min: 40,
    wide: 48,
    byDefault: never,
  },
  {
    key: 'rule',
    label: 'rule',
    title: 'Rule that decided',
    min: 40,
    wide: 48,
    byDefault: never,
  },
  {
    key: 'reason',
    label: 'reason',
    title: 'Why it got this verdict, or what could not be read',
    min: 112,
    share: 0.75,
    wide: 0,
    byDefault: always,
  },
  {
    key: 'process',
    label: 'process',
    title: 'Process that listens on the destination port now; it may not have received the packet',
    min: 72,
    wide: 120,
    byDefault: never,
  },
  {
    key: 'country',
    label: 'country',
    title: 'Country of the source, from the files of --geoip',
    min: 96,
    wide: 120,
    byDefault: never,
  },
  {
    key: 'name',
    label: 'name',
    title: "Name of the source, as set by its owner; needs --reverse-dns. The owner's DNS server sees the lookups",
    min: 120,
    wide: 240,
    byDefault: never,
  },
]);

function keyed(columns: readonly Column[]): Readonly<Record<ColumnKey, Column>> {
  return Object.fromEntries(columns.map((column) => [column.key, column])) as Record<ColumnKey, Column>;
}
