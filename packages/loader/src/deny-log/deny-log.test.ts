import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACTIONS, encodePacketLog, type Notice, type PacketLog } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DenyLog } from './deny-log.ts';

const STRIDE = 72;
const OFFSET = 8;

const RECORD: PacketLog = {
  timestamp_ns: 0n,
  src_addr: '192.0.2.1',
  dst_addr: '192.0.2.2',
  rule_id: 3,
  ifindex: 7,
  length: 60,
  weight: 1,
  src_port: 1000,
  dst_port: 22,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 2,
  action: ACTIONS.deny,
  reason: 1,
};

/** Records in a row, as the drain thread passes them. */
function records(...actions: (keyof typeof ACTIONS)[]): [Uint8Array, number, number, number] {
  const bytes = new Uint8Array(actions.length * STRIDE);
  actions.forEach((action, i) => {
    encodePacketLog({ ...RECORD, action: ACTIONS[action], src_port: 1000 + i }, bytes, i * STRIDE + OFFSET);
  });
  return [bytes, actions.length, STRIDE, OFFSET];
}

describe('the log of denied packets', () => {
  let directory: string;
  let now = 0;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-denies-'));
    now = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(directory, { recursive: true });
  });

  function opened(perSecond: number, path = join(directory, 'denied.ndjson')) {
    const notices: Notice[] = [];
    const nameOf = (ifindex: number) => `eth${ifindex}`;
    const log = new DenyLog({ path, perSecond, nameOf, notice: (notice) => notices.push(notice), now: () => now });
    const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n');
    return { log, lines, notices };
  }

  it('has the denied packets only, with the interface, although the bytes change at once', async () => {
    const { log, lines } = opened(100);
    const [bytes, ...rest] = records('permit', 'deny', 'aborted', 'deny');
    log.add(bytes, ...rest);
    bytes.fill(0);
    log.add(...records('permit'));
    await log.finish(10_000);
    const logged = lines().map((line) => JSON.parse(line));
    expect(logged.map(({ src_port }) => src_port)).toEqual([1001, 1003]);
    expect(logged[0]).toMatchObject({ action: 'deny', interface: 'eth7', src_addr: '192.0.2.1', rule_id: 3 });
    expect(log.counts).toEqual({ written: 2, withheld: 0, lost: 0 });
  });

  it('counts what exceeds the rate, and reports when that begins and ends', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { log, lines, notices } = opened(2);
    log.add(...records('deny', 'deny', 'deny', 'deny', 'deny'));
    vi.advanceTimersByTime(500);
    expect(notices).toMatchObject([
      {
        code: 'loss_began',
        count: 3,
        message: expect.stringMatching(/because more than 2 a second are denied: 3 so/),
      },
    ]);
    now = 1000;
    log.add(...records('deny', 'deny', 'deny'));
    now = 1500;
    vi.advanceTimersByTime(500);
    expect(notices).toHaveLength(1);
    now = 2500;
    vi.advanceTimersByTime(500);
    expect(notices).toMatchObject([{}, { code: 'loss_ended', count: 4 }]);
    vi.advanceTimersByTime(500);
    expect(vi.getTimerCount()).toBe(0);
    await log.finish(10_000);
    expect(log.counts).toEqual({ written: 4, withheld: 4, lost: 0 });
    expect(lines()).toHaveLength(4);
  });

  it('reports a file that cannot be written, with the error', async () => {
    const { log, notices } = opened(100, join(directory, 'missing/denied.ndjson'));
    log.add(...records('deny', 'permit', 'deny'));
    await log.finish(10_000);
    expect(log.counts).toEqual({ written: 0, withheld: 0, lost: 2 });
    expect(notices).toMatchObject([{ code: 'loss_began', count: 2, message: expect.stringMatching(/ENOENT/) }]);
  });
});
