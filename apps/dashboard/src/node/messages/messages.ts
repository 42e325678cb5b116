/** Checks of the loader's messages. No message is used before its check. */
import {
  ACTIONS,
  type AttachMode,
  type Filtering,
  type Hello,
  HISTORY_COLUMNS,
  type History,
  type HistoryColumn,
  type HistoryTop,
  type HopLedger,
  type Interface,
  type InterfaceLedger,
  type Ledger,
  type Notice,
  PROTOCOL_VERSION,
  type RecorderLedger,
  type Rejection,
  type Summary,
  type Volume,
} from '@packetlog/common';
import { type Check, isCount, isFlag, isList, isNumber, isOneOf, isRecord, isShape, isText, mayBe } from './shape.ts';

const interfaceShape = {
  name: isText,
  ifindex: isCount,
  mode: isOneOf<AttachMode>('native_frags', 'native', 'generic'),
  state: isOneOf<Interface['state']>('attached', 'gone', 'waiting'),
  mode_reason: mayBe(isText),
  link_layer: mayBe(isOneOf<NonNullable<Interface['link_layer']>>('ethernet', 'ip')),
  filtering: mayBe(isShape<Filtering>({ state: isOneOf<Filtering['state']>('full', 'none'), why: mayBe(isText) })),
};

export const isHello = isShape<Hello>({
  protocol: isOneOf(PROTOCOL_VERSION),
  version: isText,
  node: isText,
  boot_id: isText,
  session_id: isText,
  started_at_ms: isNumber,
  interfaces: isList(isShape<Interface>(interfaceShape)),
  transport: isOneOf<Hello['transport']>('array', 'ring', 'perf'),
  clock: isShape<Hello['clock']>({
    policy: isOneOf<Hello['clock']['policy']>('precise', 'cached', 'auto'),
    error_ns: isCount,
  }),
  limits: isShape<Hello['limits']>({ max_rows_per_second: isCount }),
  admin: mayBe(isFlag),
});

const hopShape = { offered: isCount, delivered: isCount, dropped: isCount, withheld: isCount, pending: isCount };
const isHop = isShape<HopLedger>(hopShape);

const isInterfaceLedger = isShape<InterfaceLedger>({
  seen: isCount,
  permitted: isCount,
  denied: isCount,
  aborted: isCount,
  emitted: isCount,
  sampled_out: isCount,
  filtered_out: isCount,
  ring_full: isCount,
  bytes: isCount,
  denied_bytes: isCount,
});

export const isLedger = isShape<Ledger>({
  at_ms: isNumber,
  interfaces: isList(isShape<Ledger['interfaces'][number]>({ ...interfaceShape, counters: isInterfaceLedger })),
  unwatched: mayBe(isShape<NonNullable<Ledger['unwatched']>>({ ifindex: isCount, counters: isInterfaceLedger })),
  ring: isHop,
  before: mayBe(isCount),
  queue: isHop,
  recorder: mayBe(
    isShape<RecorderLedger>({
      offered: isCount,
      recorded: isCount,
      sampled: isCount,
      lost: isCount,
      pending: isCount,
      expired: isCount,
      bytes: isCount,
      oldest_ms: isCount,
      unsealed: isCount,
      recording: isFlag,
    }),
  ),
  client: isShape<Ledger['client']>({ ...hopShape, filtered: isCount }),
  reasons: isRecord(isCount) as Check<Ledger['reasons']>,
});

const volume = { packets: isCount, bytes: isCount };
const isVolume = isShape<Volume>(volume);

export const isSummary = isShape<Summary>({
  at_ms: isNumber,
  interval_ms: isPositive,
  total: isVolume,
  by_interface: isList(isShape<Summary['by_interface'][number]>({ ...volume, name: isText })),
  by_action: everyOf<Summary['by_action']>(Object.keys(ACTIONS)),
  denied_bytes: isCount,
  records: isCount,
  max_weight: isPositive,
  by_protocol: isList(
    isShape<Summary['by_protocol'][number]>({ ...volume, ip_protocol: isCount, ether_type: isCount }),
  ),
  top_sources: isList(isShape<Summary['top_sources'][number]>({ ...volume, addr: isText })),
  top_ports: isList(isShape<Summary['top_ports'][number]>({ ...volume, ip_protocol: isCount, port: isCount })),
  top_pairs: isList(isShape<Summary['top_pairs'][number]>({ ...volume, src_addr: isText, dst_addr: isText })),
  evicted: isCount,
});

export const isNotice = isShape<Notice>({
  at_ms: isNumber,
  level: isOneOf<Notice['level']>('info', 'warning', 'error'),
  // Unknown codes are shown by their message.
  code: isText as Check<Notice['code']>,
  message: isText,
  interface: mayBe(isText),
  count: mayBe(isCount),
});

const series = { ...volume, series: isList(isCount) };

export const isHistory = isShape<History>({
  step_ms: isCount,
  first_at_ms: isNumber,
  columns: isShape<History['columns']>(
    Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, isList(isCount)])) as Record<
      HistoryColumn,
      Check<number[]>
    >,
  ),
});

export const isHistoryTop = isShape<HistoryTop>({
  from_ms: isNumber,
  to_ms: isNumber,
  series_step_ms: isCount,
  sources: isList(isShape<HistoryTop['sources'][number]>({ ...series, addr: isText, first_seen_ms: isNumber })),
  ports: isList(isShape<HistoryTop['ports'][number]>({ ...series, ip_protocol: isCount, port: isCount })),
  pairs: isList(isShape<HistoryTop['pairs'][number]>({ ...series, src_addr: isText, dst_addr: isText })),
  rules: isList(isShape<HistoryTop['rules'][number]>({ ...series, rule_id: isCount })),
  new_sources: isList(
    isShape<HistoryTop['new_sources'][number]>({ addr: isText, first_seen_ms: isNumber, packets: isCount }),
  ),
});

export const isRejection = isShape<Rejection>({
  code: isOneOf<Rejection['code']>(
    'unauthorized',
    'forbidden',
    'protocol_mismatch',
    'invalid',
    'too_many_clients',
    'unavailable',
    'internal',
  ),
  message: isText,
  retry_after_ms: mayBe(isCount),
  filter: mayBe(isShape<NonNullable<Rejection['filter']>>({ column: isCount, length: isCount, fix: mayBe(isText) })),
});

function isPositive(value: unknown): value is number {
  return isNumber(value) && value > 0;
}

function everyOf<T>(keys: readonly string[]): Check<T> {
  return isShape<Record<string, number>>(
    Object.fromEntries(keys.map((key) => [key, isCount])),
  ) as Check<unknown> as Check<T>;
}
