import { describe, expect, it } from 'vitest';
import { figures, withFigures } from './trust.mjs';

const recovery_ms = { median: 300, p95: 900, max: 2000 };
const run = { date: '2026-11-29', commit: 'abc', packets: 50_000 };
const nothing = { kernels: {}, verifier: {}, chaos: { runs: [] }, fuzz: {} };

describe('figures', () => {
  it('say so where a test has not run', () => {
    for (const lines of Object.values(figures(nothing))) expect(lines).toEqual(['Not run yet.']);
  });

  it('add up the faults of all runs', () => {
    const kinds = {
      kill: { faults: 20, violations: 1, recovery_ms },
      episode: { faults: 1, violations: 1, recovery_ms },
    };
    const lines = figures({
      ...nothing,
      chaos: {
        runs: [
          { ...run, faults: 20, violations: 1, kinds },
          { ...run, faults: 20, violations: 1, kinds },
        ],
      },
    }).faults;
    expect(lines?.[0]).toContain(
      '**40 faults** of 1 kinds under 100,000 packets; **2** of them broke a promise, and 2 of the labs failed',
    );
    expect(lines?.at(-1)).toBe('| kill | 40 | 2 | 300 | 900 |');
  });

  it('count kept, broken and impossible promises of a kernel', () => {
    const promises = { a: 'yes', b: 'FAILED', c: 'no wireguard', d: '86033' };
    const lines = figures({
      ...nothing,
      kernels: { 6.1: { rules: { kernel: '6.1.0-9', commit: 'abc', date: '2026-11-29', promises } } },
      verifier: { 6.1: { single: { instructions: 1000, stack: 300 }, multi: null } },
    }).kernels;
    expect(lines?.at(-1)).toBe('| 6.1.0-9 | 1 | 2 | 1 | 1 | 1,000 | 300 | 2026-11-29, abc |');
  });

  it('show differences of the parser, and findings of the fuzzer', () => {
    const compared = { frames: 1000, unexplained: 3, explained: { 'a rule': 2, another: 5 } };
    const decided = { decisions: 10, different: 1 };
    const { parser, fuzz } = figures({
      ...nothing,
      parser: {
        ...{ date: '2026-11-29', commit: 'abc', kernel: '6.18', real: compared, mutated: compared },
        ...{ filters: { filters: 2, ...decided }, rules: { sets: 2, ...decided } },
      },
      fuzz: { codec: { date: '2026-11-29T10:00:00Z', commit: 'abc', inputs: 5000, seconds: 3, findings: [{}] } },
    });
    expect(parser).toContain('| frames of the captures, with tshark | 1,000 | 3 | 7 |');
    expect(fuzz?.[0]).toBe('5,000 inputs, 1 findings:');
    expect(fuzz?.at(-1)).toBe('| codec | 5,000 | 1 | 2026-11-29, abc |');
  });
});

it('list what was found in captures, with the reason', () => {
  const about = { date: '2026-12-01', commit: 'abc' };
  const fired = [{ capture: 'ndpi: scan.pcap', finding: 'a scan', justified: 'a scan' }];
  const captures = { ...about, captures: 700, packets: 200_000, hours: 45.9, fired };
  const made = { ab: 1, curl: 2, rsync: 3, ssh: 4, monitoring: 5, dns: 6 };
  const ordinary = { ...about, minutes: 30, packets: 1_000_000, ...made, fired: [] };
  const lines = figures({ ...nothing, findings: { captures, ordinary } }).findings;
  expect(lines).toContain('| 700 captures of others | 200,000 | 45.9 h | 1 | 2026-12-01, abc |');
  expect(lines?.join()).toContain('4 ssh sessions');
  expect(lines?.at(-1)).toBe('* ndpi: scan.pcap: a scan. It is a scan.');
});

it('show how much questions delay the rows of another client', () => {
  const none = { clients: 0, silent: false, p50_us: 500, p99_us: 5000, p50_growth: 1, p99_growth: 1 };
  const one = { ...none, clients: 1, p50_us: 550, p99_us: 4500, p50_growth: 1.1, p99_growth: 0.9 };
  const run = { date: '2026-11-30T10:00:00Z', commit: 'abc', rounds: 8, load: 1, cpus: 2, cases: { none, one } };
  const lines = figures({ ...nothing, questions: run }).questions;
  expect(lines?.slice(-2)).toEqual(['| none | 500 | 5,000 |  |  |', '| 1, asking | 550 | 4,500 | +10 % | -10 % |']);
});

describe('withFigures', () => {
  const document = 'a\n<!-- figures: parser -->\nold\n<!-- end of the figures -->\nb\n';

  it('replaces what is between the marks', () => {
    expect(withFigures(document, { parser: ['new', 'lines'] })).toBe(document.replace('old', 'new\nlines'));
  });

  it('rejects a document that lacks a section, and one with a section that has no results', () => {
    expect(() => withFigures(document, { parser: [], fuzz: [] })).toThrow('no "<!-- figures: fuzz -->"');
    expect(() => withFigures(document, {})).toThrow('no results are called "parser"');
  });
});
