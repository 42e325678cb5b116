import { describe, expect, it } from 'vitest';
import { rulesErrorSchema, rulesRequestSchemas } from './requests.ts';
import { auditEntrySchema, dryRunReportSchema, ruleCountersSchema, rulesSnapshotSchema } from './snapshot.ts';

const rule = {
  id: 1,
  action: 'deny',
  source: 'set:drop',
  reason: '',
  created_by: 'root',
  created_at: '2030-01-01T00:00:00Z',
} as const;
const set = { name: 'drop', entries: 3, loaded_at_ms: 1 };
const volume = { packets: 2, bytes: 128 };

const answers = {
  snapshot: {
    schema: rulesSnapshotSchema,
    valid: {
      revision: 3,
      default_policy: 'deny',
      rules: [{ ...rule, ...volume, last_seen_ms: 5 }],
      sets: [{ ...set, file: '/etc/drop.txt' }],
      pending: { until_ms: 9, revision_before: 2, why: 'The default policy becomes deny.' },
      alarms: [{ code: 'set_file', message: 'The list of set drop was rejected.', since_ms: 4 }],
      enforcing: true,
      pinned: false,
    },
  },
  report: {
    schema: dryRunReportSchema,
    valid: {
      seconds: 10,
      seen: 100,
      judged: 90,
      denied: volume,
      observed: volume,
      by_rule: [{ draft: 0, rule: 'deny any source', ...volume }],
      by_source: [{ addr: '192.0.2.1', ...volume }],
      by_port: [{ ip_protocol: 6, port: 22, ...volume }],
      lockouts: [{ kind: 'ssh_peer', address: '192.0.2.1' }],
    },
  },
  audit: {
    schema: auditEntrySchema,
    valid: {
      at: '2030-01-01T00:00:00Z',
      revision: 3,
      what: 'import',
      who: { name: 'root', via: 'control', uid: 0 },
      why: 'weekly list',
      before: { rules: [], sets: [] },
      after: { rules: [rule], sets: [set] },
    },
  },
  error: {
    schema: rulesErrorSchema,
    valid: {
      code: 'lockout',
      message: 'It would lock out the default gateway: use --force to do it anyway.',
      protected: { kind: 'gateway', address: '192.0.2.254' },
    },
  },
};

describe('every answer', () => {
  it.each(Object.entries(answers))('is accepted if it is valid, even as JSON: %s', (_, { schema, valid }) => {
    expect(schema.parse(JSON.parse(JSON.stringify(valid)))).toEqual(valid);
  });

  it.each(Object.entries(answers))('is rejected if a value has a wrong type: %s', (_, { schema, valid }) => {
    for (const key of Object.keys(valid))
      expect(schema.safeParse({ ...valid, [key]: Number.NaN }).success, key).toBe(false);
  });

  it('about counters is a list', () => {
    expect(ruleCountersSchema.parse([{ id: 1, ...volume }])).toEqual([{ id: 1, ...volume }]);
  });
});

describe('a request', () => {
  it.each([
    ['list', {}, {}],
    ['remove', { ids: [1, 2] }, { ids: [1, 2] }],
    ['policy', { default_policy: 'deny', force: true }, { default_policy: 'deny', force: true }],
    ['import', { set: 'x', entries: '' }, { set: 'x', entries: '', action: 'deny', reason: '' }],
    ['audit', {}, { limit: 100 }],
    ['test', { rules: [] }, { rules: [], seconds: 10 }],
  ] as const)('%s has defaults for omitted fields', (verb, sent, understood) => {
    expect(rulesRequestSchemas[verb].parse(sent)).toEqual(understood);
  });

  it.each([
    ['list', { all: true }],
    ['add', {}],
    ['edit', { id: 0, changes: {} }],
    ['edit', { id: 1, changes: { id: 2 } }],
    ['remove', { ids: [] }],
    ['policy', { default_policy: 'observe' }],
    ['import', { set: '../x', entries: '' }],
    ['policy', { default_policy: 'deny', permits: [{ action: 'deny', source: 'any' }] }],
    ['test', {}],
    ['test', { rules: [], add: { action: 'deny', source: 'any' } }],
    ['test', { rules: [], seconds: 0 }],
    ['audit', { limit: 1e9 }],
  ] as const)('%s is rejected with %j', (verb, wrong) => {
    expect(rulesRequestSchemas[verb].safeParse(wrong).success).toBe(false);
  });
});
