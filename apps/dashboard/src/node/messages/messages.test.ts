import {
  HISTORY_COLUMNS,
  helloSchema,
  historySchema,
  historyTopSchema,
  ledgerSchema,
  noticeSchema,
  PROTOCOL_VERSION,
  rejectionSchema,
  ruleCountersSchema,
  rulesErrorSchema,
  rulesSnapshotSchema,
  summarySchema,
} from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { makeLedger, makeRule, makeRules, makeSummary } from '../../../test/support/samples.ts';
import { isHello, isHistory, isHistoryTop, isLedger, isNotice, isRejection, isSummary } from './messages.ts';
import { isRuleCounters, isRulesError, isRulesSnapshot } from './rules-messages.ts';

const eth0 = { name: 'eth0', ifindex: 2, mode: 'generic', state: 'attached', mode_reason: 'no native mode here' };
const volume = { packets: 9, bytes: 600 };
const series = { ...volume, series: [4, 5] };
const column = [1, 2, 3];

const messages: [string, (value: unknown) => boolean, { safeParse(value: unknown): { success: boolean } }, object][] = [
  [
    'hello',
    isHello,
    helloSchema,
    {
      protocol: PROTOCOL_VERSION,
      version: '0.1.0',
      node: 'host',
      boot_id: '5f0c3a52',
      session_id: 'a1',
      started_at_ms: 1_700_000_000_000.5,
      interfaces: [eth0, { name: 'eth1', ifindex: 0, mode: 'native', state: 'gone' }],
      transport: 'array',
      clock: { policy: 'cached', error_ns: 4_000_000 },
      limits: { max_rows_per_second: 20_000 },
      admin: true,
    },
  ],
  ['ledger', isLedger, ledgerSchema, { ...makeLedger({ seen: 5 }), before: 7, reasons: { fragment: 3 } }],
  [
    'summary',
    isSummary,
    summarySchema,
    makeSummary({
      by_interface: [{ name: 'eth0', ...volume }],
      by_protocol: [{ ip_protocol: 6, ether_type: 2048, ...volume }],
      top_sources: [{ addr: '192.0.2.1', ...volume }],
      top_ports: [{ ip_protocol: 6, port: 443, ...volume }],
      top_pairs: [{ src_addr: '192.0.2.1', dst_addr: '192.0.2.2', ...volume }],
    }),
  ],
  [
    'notice',
    isNotice,
    noticeSchema,
    { at_ms: 1, level: 'warning', code: 'loss_began', message: 'Records are lost.', interface: 'eth0', count: 3 },
  ],
  [
    'history',
    isHistory,
    historySchema,
    {
      step_ms: 1000,
      first_at_ms: 1_700_000_000_000,
      columns: Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, column])),
    },
  ],
  [
    'history:top',
    isHistoryTop,
    historyTopSchema,
    {
      from_ms: 1,
      to_ms: 2001,
      series_step_ms: 1000,
      sources: [{ addr: '192.0.2.1', first_seen_ms: 1, ...series }],
      ports: [{ ip_protocol: 6, port: 443, ...series }],
      pairs: [{ src_addr: '192.0.2.1', dst_addr: '192.0.2.2', ...series }],
      rules: [{ rule_id: 3, ...series }],
      new_sources: [{ addr: '192.0.2.1', first_seen_ms: 1, packets: 9 }],
    },
  ],
  [
    'rules',
    isRulesSnapshot,
    rulesSnapshotSchema,
    makeRules({
      rules: [makeRule({ protocol: 'tcp', destination_port: 22, expires_at: '2030-01-31T12:00:00Z', last_seen_ms: 1 })],
      sets: [{ name: 'scanners', entries: 4, file: '/etc/scanners', loaded_at_ms: 1 }],
      pending: { until_ms: 1, revision_before: 3, why: 'It denies a lot.' },
      alarms: [{ code: 'rules_file', message: 'The rules file was rejected.', since_ms: 1 }],
    }),
  ],
  ['rule_counters', (value) => isRuleCounters([value]), listOf(ruleCountersSchema), { id: 3, ...volume }],
  [
    'a rejected change',
    isRulesError,
    rulesErrorSchema,
    { code: 'lockout', message: 'No.', field: 'rule.source', protected: { kind: 'dns', address: '::1' }, limit: 5 },
  ],
  [
    'a rejection',
    isRejection,
    rejectionSchema,
    { code: 'invalid', message: 'Wrong.', filter: { column: 1, length: 0, fix: 'port' } },
  ],
];

describe.each(messages)('%s', (_, check, schema, valid) => {
  it('is accepted as the loader sends it', () => {
    expect(schema.safeParse(valid).success).toBe(true);
    expect(check(valid)).toBe(true);
    expect(check(JSON.parse(JSON.stringify(valid)))).toBe(true);
  });

  it('is rejected if any value has a wrong type, as by the schema of the protocol', () => {
    for (const wrong of withOneWrong(valid)) {
      expect(schema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
      expect(check(wrong), JSON.stringify(wrong)).toBe(false);
    }
    for (const wrong of [null, undefined, 1, 'text', []]) expect(check(wrong)).toBe(false);
  });
});

/** Copies of a message, each with one value, at any depth, replaced by an object of the wrong type. */
function* withOneWrong(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  const copies = (key: string | number, inner: unknown) =>
    Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
  for (const [key, inner] of Object.entries(value)) {
    yield copies(key, { surprise: { surprise: 1 } });
    for (const wrong of withOneWrong(inner)) yield copies(key, wrong);
  }
}

function listOf(schema: { safeParse(value: unknown): { success: boolean } }) {
  return { safeParse: (value: unknown) => schema.safeParse([value]) };
}
