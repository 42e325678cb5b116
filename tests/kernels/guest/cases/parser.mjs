// @ts-check
/** Every frame of tests/parser through each program, by test runs of the kernel: its record must be as expected. */
import { isDeepStrictEqual } from 'node:util';
import { isAtLeast } from '../lab/device.mjs';

const P = { single: 'every frame, one buffer', frags: 'every frame, several buffers' };
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

/** A record of a permitted packet from which nothing was read. */
const NOTHING_READ = {
  ...{ src_addr: '::', dst_addr: '::', rule_id: 0, weight: 1, src_port: 0, dst_port: 0, ether_type: 0, vlan_id: 0 },
  ...{ ip_protocol: 255, tcp_flags: 0, action: 2 },
};
const XDP_PASS = 2;
const EINVAL = 22;
const FRAGS_SINCE = /** @type {const} */ ([5, 18]);

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const [{ FIRST_BUFFER, LOOPBACK_IFINDEX, loadProgram }, { bareFixtures, fixtures }, { PacketLogView, REASONS }] =
    await Promise.all([
      import('../../../lab/bpf.ts'),
      import('../../../parser/fixtures.ts'),
      import('@packetlog/common'),
    ]);

  for (const name of /** @type {const} */ (['single', 'frags'])) {
    if (name === 'frags' && !isAtLeast(FRAGS_SINCE)) {
      lab.absent(P[name], 'frames of several buffers');
      continue;
    }
    const program = loadProgram({ program: name });
    /** Returns the record without its time, or the errno of a rejected frame. @param {Uint8Array} frame */
    const recordOf = (frame) => {
      try {
        if (program.run(frame) !== XDP_PASS) return 'not passed';
      } catch (error) {
        return /** @type {{ errno?: number }} */ (error).errno;
      }
      const [record, ...more] = program.takeRecords();
      if (record === undefined || more.length > 0) return `${more.length} records more`;
      const { timestamp_ns: _, ...fields } = new PacketLogView(record, {
        count: 1,
        stride: 64,
        recordOffset: 0,
      }).decode(0);
      return fields;
    };
    // Linux 5.10 also runs the program on frames without a whole Ethernet header.
    const unread = recordOf(new Uint8Array(1));
    const tooShort = (/** @type {number} */ length) =>
      unread === EINVAL ? EINVAL : { ...NOTHING_READ, ifindex: LOOPBACK_IFINDEX, length, reason: REASONS.truncated };
    /** @param {readonly import('../../../parser/fixtures.ts').Fixture[]} list */
    const wrongOf = (list) =>
      list.flatMap(({ name: shape, frame, expected }) => {
        const is = recordOf(frame);
        const should = expected === 'rejected' ? tooShort(frame.length) : { ...expected, ifindex: LOOPBACK_IFINDEX };
        return isDeepStrictEqual(is, should) ? [] : [{ shape, is }];
      });
    try {
      // No driver passes a longer frame to a program for one buffer; the test run does, cut.
      const fitting = fixtures.filter(({ frame }) => name === 'frags' || frame.length <= FIRST_BUFFER);
      lab.check(P[name], `wrong of ${fitting.length} frames`, wrongOf(fitting), []);
      program.setLink('ip');
      lab.check(P[name], `wrong of ${bareFixtures.length} frames without a link header`, wrongOf(bareFixtures), []);
      lab.check(P[name], 'packets without counters', program.unaccounted(), 0);
    } finally {
      program.close();
    }
  }
}
