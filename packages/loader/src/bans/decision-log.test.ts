import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Decision } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DECISIONS_KEPT_MS, DecisionLog } from './decision-log.ts';

let directory = '';
let path = '';
let log: DecisionLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-decisions-'));
  path = join(directory, 'decisions.ndjson');
  log = new DecisionLog(path);
});
afterEach(() => rmSync(directory, { recursive: true }));

const NOW = Date.parse('2030-06-01T00:00:00Z');
const decision = (id: number, source = '203.0.113.7', at_ms = NOW): Decision => ({
  id,
  at_ms,
  kind: 'ban',
  source,
  rule: {
    id: 3,
    action: 'limit',
    source: 'any',
    rate: '20/min',
    reason: '',
    created_by: 'root',
    created_at: '2026-01-01T00:00:00.000Z',
  },
  attempts: { in_1_s: 1, in_10_s: 2, in_60_s: 3 },
  connections: 3,
  ports: [22],
  samples: [{ src_addr: source }],
  guards: [{ guard: 'verified', passed: true }],
  strike: 1,
  duration_ms: 1,
});
const ids = (query: Partial<Parameters<DecisionLog['find']>[0]> = {}) =>
  log.find({ limit: 100, ...query }, NOW).map(({ id }) => id);

describe('decisions', () => {
  it('are found newest first, by id, by source and before an id', () => {
    log.append([decision(1), decision(2, '2001:db8::/64')]);
    log.append([decision(3)]);
    expect(ids()).toEqual([3, 2, 1]);
    expect(ids({ limit: 2 })).toEqual([3, 2]);
    expect(ids({ id: 2 })).toEqual([2]);
    expect(ids({ id: 9 })).toEqual([]);
    expect(ids({ beforeId: 3 })).toEqual([2, 1]);
    expect(ids({ isWanted: (source) => source === '203.0.113.7' })).toEqual([3, 1]);
    expect(log.find({ id: 2, limit: 1 }, NOW)).toEqual([decision(2, '2001:db8::/64')]);
  });

  it('say that their ban was undone, which is written later', () => {
    log.append([decision(1), decision(2)]);
    log.undone([{ id: 1, at_ms: 5, by: 'alice', permit_rule: 9 }]);
    log.append([decision(3)]);
    const found = log.find({ limit: 9 }, NOW);
    expect(found.map(({ undone }) => undone)).toEqual([
      undefined,
      undefined,
      { at_ms: 5, by: 'alice', permit_rule: 9 },
    ]);
  });

  it('are kept for 90 days', () => {
    log.append([
      decision(1, '192.0.2.1', NOW - DECISIONS_KEPT_MS - 1),
      decision(2, '192.0.2.1', NOW - DECISIONS_KEPT_MS),
    ]);
    expect(ids()).toEqual([2]);
  });

  it('are read around a line that is torn, foreign or damaged, and appended behind it', () => {
    log.append([decision(1), decision(2)]);
    const text = readFileSync(path);
    for (let cut = 2; cut < 200; cut += 7) {
      writeFileSync(path, text.subarray(0, text.length - cut));
      log.append([decision(3)]);
      expect(ids()).toEqual([3, 1]);
    }
    appendFileSync(
      path,
      '{"undone":{"id":1,"by":7}}\n{"decision":{"id":4,"at_ms":1,"kind":"ban","source":"x"}}\nnull\n\0\0\n',
    );
    expect(ids()).toEqual([3, 1]);
    truncateSync(path);
    expect(ids()).toEqual([]);
  });

  it('have bounded files: the oldest goes, and so does one that was not written for 90 days', () => {
    const size = JSON.stringify({ decision: decision(100) }).length;
    log = new DecisionLog(path, 2 * size);
    for (let id = 100; id < 200; id++) log.append([decision(id)]);
    const kept = ids();
    expect(kept.length).toBeLessThan(50);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 199 - i));
    const longAgo = (Date.now() - DECISIONS_KEPT_MS) / 1000 - 60;
    for (let age = 1; age <= 15; age++) utimesSync(`${path}.${age}`, longAgo, longAgo);
    log.append([decision(200), decision(201), decision(202)]);
    log.append([decision(203)]);
    expect(ids().length).toBeLessThan(8);
  });
});
