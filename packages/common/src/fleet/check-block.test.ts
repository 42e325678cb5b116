import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import { encodePacketLog } from '../record/packet-log.ts';
import { columnsOf } from '../segments/columns.ts';
import { encodeBlock } from '../segments/native-block.ts';
import { SegmentFormatError } from '../segments/segment-format-error.ts';
import { checkShippedBlock } from './check-block.ts';
import { encodeMinutes, minuteSumsOf } from './minute-sums.ts';

const DAY_NS = 86_400_000_000_000n;
const DAY = 20_455;
const TIME_NS = BigInt(DAY) * DAY_NS + 7_000_000_000n;

function columns(count: number, stepNs = 30_000_000_000n) {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  for (let i = 0; i < count; i++) {
    encodePacketLog(
      {
        timestamp_ns: TIME_NS + BigInt(i) * stepNs,
        src_addr: `2001:db8::${i % 5}`,
        dst_addr: '192.0.2.1',
        rule_id: i % 2,
        ifindex: 1,
        length: 100,
        weight: 3,
        src_port: i,
        dst_port: 443,
        ether_type: 0x86dd,
        vlan_id: 0,
        ip_protocol: 6,
        tcp_flags: 2,
        action: 1,
        reason: 1,
      },
      bytes,
      i * PACKET_LOG_SIZE,
    );
  }
  return columnsOf(bytes);
}

function packets(count: number, stepNs?: bigint): Uint8Array {
  return Uint8Array.from(encodeBlock(columns(count, stepNs), 'web1').flatMap(({ bytes }) => [...bytes]));
}

describe('a shipped block', () => {
  it('is described by its rows, its day and a mark', () => {
    expect(checkShippedBlock(packets(50), 'packets', 'web1')).toEqual({
      table: 'packets',
      node: 'web1',
      rows: 50,
      day: DAY,
      mark: { timestampNs: TIME_NS, rows: 1 },
    });
    expect(checkShippedBlock(packets(300, 0n), 'packets', 'web1').mark).toEqual({ timestampNs: TIME_NS, rows: 300 });
  });

  it('has the sums by minute of all records', () => {
    const sums = minuteSumsOf(columns(10));
    expect(sums).toHaveLength(10);
    expect(sums.reduce((sum, { packets: each }) => sum + each, 0)).toBe(30);
    const facts = checkShippedBlock(encodeMinutes(sums, 'web1'), 'minutes', 'web1');
    const from = DAY * 86_400;
    expect(facts).toEqual({
      table: 'minutes',
      node: 'web1',
      rows: 10,
      day: DAY,
      sums: { records: 10, from, to: from + 240 },
    });
  });

  it.each<[string, () => unknown]>([
    ['of another node', () => checkShippedBlock(packets(3), 'packets', 'web2')],
    ['of another table', () => checkShippedBlock(packets(3), 'minutes', 'web1')],
    ['of two days', () => checkShippedBlock(packets(3, DAY_NS / 2n), 'packets', 'web1')],
    ['that is cut off', () => checkShippedBlock(packets(3).subarray(0, -1), 'packets', 'web1')],
    ['with a byte too many', () => checkShippedBlock(Uint8Array.of(...packets(3), 0), 'packets', 'web1')],
    [
      'with a row whose sums ClickHouse would remove',
      () => {
        const [sum] = minuteSumsOf(columns(1));
        checkShippedBlock(encodeMinutes([{ ...sum, records: 0 } as never], 'web1'), 'minutes', 'web1');
      },
    ],
  ])('%s is rejected', (_, check) => {
    expect(check).toThrow(SegmentFormatError);
  });

  it('is rejected or has the same shape, whatever byte is changed', () => {
    const block = packets(20);
    let rejected = 0;
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(block);
        changed[at] = (changed[at] as number) ^ change;
        try {
          const facts = checkShippedBlock(changed, 'packets', 'web1');
          expect([facts.rows, facts.node]).toEqual([20, 'web1']);
        } catch (error) {
          expect((error as Error).name).toBe('SegmentFormatError');
          rejected++;
        }
      }),
    );
    expect(rejected).toBeGreaterThan(0);
  });
});
