/** Rings in mmapable arrays: for each possible CPU one of permits and one of denies. */
import { ARRAY_LINE, MAPS } from '@packetlog/bpf';
import { PACKET_LOG_SIZE } from '@packetlog/common';
import { need } from '../native/check.ts';
import { mapDescriptor, setMaxEntries } from '../native/libbpf.ts';
import { canWaitForRunningPrograms, mapShared, pageSize, waitForRunningPrograms } from '../native/libc.ts';
import { ArrayRing } from '../rings/array-ring.ts';
import { mapRingMemory } from './mapped-ring.ts';
import type { FindMap, OpenTransport, Transport, TransportSettings } from './transport.ts';

const DOORBELL_BYTES = 65_536;
/** Permits, denies. */
const KINDS = 2;
/** Whether all earlier stores become visible before a plain store (x86-TSO). */
const KEEPS_STORES_IN_ORDER = process.arch === 'x64';

export const arrayTransport: Transport = {
  name: 'array',

  configure(map: FindMap, { cpus, ringBytes, denyBytes }: TransportSettings): void {
    const records = (cpus * (ringBytes + denyBytes)) / PACKET_LOG_SIZE;
    need(setMaxEntries(map(MAPS.arrayRecords), records), 'size map', MAPS.arrayRecords);
    need(setMaxEntries(map(MAPS.arrayControl), cpus * KINDS), 'size map', MAPS.arrayControl);
  },

  open(map: FindMap, { cpus, ringBytes, denyBytes }: TransportSettings): OpenTransport {
    const page = pageSize();
    const controlBytes = cpus * KINDS * ARRAY_LINE.perRing * ARRAY_LINE.size;
    const control = mapShared(
      mapDescriptor(map(MAPS.arrayControl)),
      0,
      Math.ceil(controlBytes / page) * page,
      'read-write',
    );
    const recordBytes = cpus * (ringBytes + denyBytes);
    const records = mapShared(mapDescriptor(map(MAPS.arrayRecords)), 0, Math.ceil(recordBytes / page) * page, 'read');
    const words = (ring: number, line: number, count: number) =>
      new BigUint64Array(
        control.buffer,
        control.byteOffset + (ring * ARRAY_LINE.perRing + line) * ARRAY_LINE.size,
        count,
      );
    const ringAt = (ring: number, start: number, bytes: number) =>
      new ArrayRing({
        producer: words(ring, ARRAY_LINE.producer, 1),
        consumer: words(ring, ARRAY_LINE.consumer, 3),
        records: records.subarray(start, start + bytes),
      });
    const ofEachCpu = <T>(make: (cpu: number) => T) => Array.from({ length: cpus }, (_, cpu) => make(cpu));
    const rings = [
      ...ofEachCpu((cpu) => ringAt(cpu, cpu * ringBytes, ringBytes)),
      ...ofEachCpu((cpu) => ringAt(cpus + cpu, cpus * ringBytes + cpu * denyBytes, denyBytes)),
    ];
    // The previous reader was killed while polling: a program that read the flag may still run, and would not wake us.
    if (rings.filter((ring) => ring.stopPolling()).length > 0) waitForRunningPrograms();
    const doorbell = mapDescriptor(map(MAPS.doorbell));
    const bell = mapRingMemory(doorbell, DOORBELL_BYTES);
    let before = 0;
    for (let ring = 0; ring < cpus * KINDS; ring++) before += Number(words(ring, ARRAY_LINE.consumer, 1)[0]);
    return {
      rings,
      descriptors: [doorbell],
      made: [],
      canPoll: KEEPS_STORES_IN_ORDER && canWaitForRunningPrograms(),
      before,
      // The content does not matter: every poll visits every ring.
      woken: () => Atomics.store(bell.consumer, 0, Atomics.load(bell.producer, 0)),
    };
  },
};
