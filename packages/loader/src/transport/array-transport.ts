/** Rings in mmapable arrays, one for each possible CPU, all of one size. */
import { ARRAY_LINE, MAPS } from '@packetlog/bpf';
import { PACKET_LOG_SIZE } from '@packetlog/common';
import { need } from '../kernel/outcome.ts';
import { mapDescriptor, setMaxEntries } from '../native/libbpf.ts';
import { mapShared, pageSize } from '../native/libc.ts';
import { ArrayRing } from '../ring/array-ring.ts';
import { mapRingMemory } from '../ring/mapped-ring.ts';
import type { FindMap, OpenTransport, Transport, TransportSettings } from './transport.ts';

const DOORBELL_BYTES = 65_536;

export const arrayTransport: Transport = {
  name: 'array',

  configure(map: FindMap, { cpus, ringBytes }: TransportSettings): void {
    const records = cpus * (ringBytes / PACKET_LOG_SIZE);
    need(setMaxEntries(map(MAPS.arrayRecords), records), 'size map', MAPS.arrayRecords);
    need(setMaxEntries(map(MAPS.arrayControl), cpus * ARRAY_LINE.perCpu), 'size map', MAPS.arrayControl);
  },

  open(map: FindMap, { cpus, ringBytes }: TransportSettings): OpenTransport {
    const page = pageSize();
    const controlBytes = cpus * ARRAY_LINE.perCpu * ARRAY_LINE.size;
    const control = mapShared(
      mapDescriptor(map(MAPS.arrayControl)),
      0,
      Math.ceil(controlBytes / page) * page,
      'read-write',
    );
    const records = mapShared(mapDescriptor(map(MAPS.arrayRecords)), 0, cpus * ringBytes, 'read');
    const words = (cpu: number, line: number, count: number) =>
      new BigUint64Array(
        control.buffer,
        control.byteOffset + (cpu * ARRAY_LINE.perCpu + line) * ARRAY_LINE.size,
        count,
      );
    const rings = Array.from(
      { length: cpus },
      (_, cpu) =>
        new ArrayRing({
          producer: words(cpu, ARRAY_LINE.producer, 1),
          consumer: words(cpu, ARRAY_LINE.consumer, 2),
          records: records.subarray(cpu * ringBytes, (cpu + 1) * ringBytes),
        }),
    );
    const doorbell = mapDescriptor(map(MAPS.doorbell));
    const bell = mapRingMemory(doorbell, DOORBELL_BYTES);
    let before = 0;
    for (let cpu = 0; cpu < cpus; cpu++) before += Number(words(cpu, ARRAY_LINE.consumer, 1)[0]);
    return {
      rings,
      descriptors: [doorbell],
      made: [],
      before,
      // What rang is of no interest: every look visits every ring.
      woken: () => Atomics.store(bell.consumer, 0, Atomics.load(bell.producer, 0)),
    };
  },
};
