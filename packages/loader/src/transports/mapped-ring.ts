/** Maps a kernel ring into this process, as libbpf's ring_buffer__add does. */
import { mapShared, pageSize } from '../native/libc.ts';
import type { KernelRingMemory } from '../rings/kernel-ring.ts';

/** `bytes`: the ring's max_entries. The mapping lives until the process ends. */
export function mapRingMemory(fd: number, bytes: number): KernelRingMemory {
  const page = pageSize();
  // The consumer's page is writable; the producer's page and the data, mapped twice, are not.
  const consumer = mapShared(fd, 0, page, 'read-write');
  const rest = mapShared(fd, page, page + 2 * bytes, 'read');
  return {
    consumer: new BigUint64Array(consumer.buffer, consumer.byteOffset, 2),
    producer: new BigUint64Array(rest.buffer, rest.byteOffset, 1),
    data: rest.subarray(page),
    size: bytes,
  };
}
