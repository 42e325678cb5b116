import type { PastDryRunReport } from '@packetlog/common';
import { expect, it } from 'vitest';
import { dryRunPastText } from './dry-run-past-text.ts';

const REPORT: PastDryRunReport = {
  seconds: 60,
  from_ns: '1700000000000000000',
  to_ns: null,
  first_ns: '1700000120000000000',
  last_ns: '1700000180000000000',
  seen: 4000,
  judged: 4000,
  records: 1000,
  bytes: 400_000,
  denied: { packets: 300, bytes: 30_000 },
  newly_denied: { packets: 200, bytes: 20_000, records: 100, sources: 2 },
  observed: { packets: 0, bytes: 0 },
  by_rule: [{ draft: 0, rule: 'deny 192.0.2.0/24', packets: 300, bytes: 30_000 }],
  by_source: [
    { addr: '192.0.2.1', packets: 250, bytes: 25_000, newly_denied: { packets: 150, bytes: 15_000 } },
    { addr: '192.0.2.2', packets: 50, bytes: 5000, newly_denied: { packets: 50, bytes: 5000 } },
    { addr: '192.0.2.3', packets: 50, bytes: 5000, newly_denied: { packets: 0, bytes: 0 } },
  ],
  by_port: [{ ip_protocol: 6, port: 22, packets: 300, bytes: 30_000, newly_denied: { packets: 200, bytes: 20_000 } }],
  lockouts: [],
  known_good: {
    sources: 1,
    packets: 50,
    by_source: [{ addr: '192.0.2.2', packets: 50, bytes: 5000, because: [{ kind: 'ssh_peer', address: '192.0.2.2' }] }],
  },
  looks_established: { sources: 1, packets: 50, by_source: [{ addr: '192.0.2.2', packets: 50 }] },
  examples: [],
  expiring_rules: 2,
  unknown_interfaces: ['eth7'],
  incomplete: {
    is_partial: true,
    segments: 9,
    evaluated_segments: 4,
    damaged: ['read segment x'],
    gaps: [{ from_ns: '1700000121000000000', to_ns: '1700000122000000000', records: 3, cause: 'killed' }],
    not_recording: [{ from_ns: '1700000130000000000', to_ns: '1700000140000000000' }],
    expired: { segments: 1, records: 10 },
    forgotten_records: 2,
    unreadable_journal_lines: 1,
    uncounted_source_packets: 5,
  },
};

it('says what would have been denied, what of it looks good, and what is incomplete', () => {
  const dryRun = { examples: [] } as never;
  expect(dryRunPastText({ report: REPORT, dryRun })).toEqual([
    'PARTIAL: interrupted after 4 of 9 segments.',
    'Evaluated 4,000 packets, 400,000 bytes, from 2023-11-14 22:15:20.000 to 2023-11-14 22:16:20.000 UTC.',
    'The first recorded packet is 2 min after --from.',
    'Sampled: 1,000 records stand for them, so the counts are estimates.',
    'Would have denied 200 packets that were not denied then: 20,000 bytes, from 2 sources.',
    'In all it would have denied 300 packets, 30,000 bytes; observed 0 packets.',
    '',
    'By rule, all packets that match:',
    '         300  deny 192.0.2.0/24',
    '',
    'Not denied then, by source:',
    '         150   75.0 %  192.0.2.1',
    '          50   25.0 %  192.0.2.2',
    '',
    'Not denied then, by port:',
    '         200  100.0 %  TCP 22',
    '',
    'Known-good sources: 1, with 50 packets:',
    '          50  192.0.2.2 (protected: ssh peer 192.0.2.2)',
    '',
    'Looks established, forgeable (packets as of open TCP connections): 1 source, 50 packets:',
    '          50  192.0.2.2',
    '',
    '2 rules expire; they were evaluated as if in force during the whole range.',
    'No interface had the name eth7 in this range: rules for it matched nothing.',
    'Incomplete: 1 gap with 3 lost records (killed).',
    'Incomplete: nothing was recorded from 2023-11-14 22:15:30.000 to 2023-11-14 22:15:40.000 UTC.',
    'Incomplete: 10 records of 1 segment at the edge or inside of this range expired.',
    'Incomplete: packetlog forget removed 2 records.',
    'Incomplete: 1 damaged segment skipped. packetlog segments verify shows all damage.',
    'Incomplete: 1 line of the journal cannot be read.',
    'There were more sources than are counted separately: 5 packets of others are only in the totals.',
  ]);
});

it('shows limits, how sure their counts are, and their fullest buckets', () => {
  const dryRun = { examples: [] } as never;
  const limit = {
    ...{ id: 3, rule: 'limit any source', seen: 1000, over: 250, buckets: 2, first_over_ns: '1700000121000000000' },
    ...{ by_bucket: [{ bucket: '192.0.2.1', over: 200 }], not_evaluated: 7, is_upper_estimate: false },
  };
  const none = { ...limit, rule: 'limit 192.0.2.0/24', over: 0, first_over_ns: null, by_bucket: [], not_evaluated: 0 };
  const report = { ...REPORT, limits: [limit, { ...none, is_upper_estimate: true }] };
  const lines = dryRunPastText({ report, dryRun });
  const start = lines.indexOf('Limits, each alone:');
  expect(lines.slice(start, start + 7)).toEqual([
    'Limits, each alone:',
    '  limit any source',
    '    about 250 of 1,000 would have been over (25.0 %), from 2 buckets, first at 2023-11-14 22:15:21.000 UTC',
    '           200  192.0.2.1',
    '    not evaluated: 7, because there were too many buckets',
    '  limit 192.0.2.0/24',
    '    at most 0 of 1,000 would have been over',
  ]);
});
