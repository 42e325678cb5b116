import { ACTIONS, parseFilter, REASONS } from '@packetlog/common';
import { expect, it } from 'vitest';
import { memoryOf, packet, RECORD_OFFSET, STRIDE, times } from '../../test/support/records.ts';
import { InterfaceNames } from '../ipc/interface-table.ts';
import { FilteredCount } from './filtered-count.ts';

const LAYOUT = { stride: STRIDE, recordOffset: RECORD_OFFSET };

it('counts the records that match, by their weight, since the last time', () => {
  const count = new FilteredCount(parseFilter('dst port 22'), new InterfaceNames());
  const records = [
    ...times(3),
    { ...packet, dst_port: 22, weight: 10, length: 60 },
    { ...packet, dst_port: 22, action: ACTIONS.deny },
    { ...packet, dst_port: 22, reason: REASONS.would_deny },
  ];
  count.add(memoryOf(records), records.length, LAYOUT);
  count.add(memoryOf(records), records.length, LAYOUT);
  expect(count.take()).toEqual({ packets: 24, bytes: 1600, denied: 2, would_deny: 2 });
  expect(count.take()).toEqual({ packets: 0, bytes: 0, denied: 0, would_deny: 0 });
});

it('follows the names of interfaces', () => {
  const names = new InterfaceNames();
  const count = new FilteredCount(parseFilter('iface eth0'), names);
  count.add(memoryOf(times(2)), 2, LAYOUT);
  expect(count.take().packets).toBe(0);
  names.learn([{ ifindex: packet.ifindex, name: 'eth0' }]);
  count.learn(names);
  count.add(memoryOf(times(2)), 2, LAYOUT);
  expect(count.take().packets).toBe(2);
});
