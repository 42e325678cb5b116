import { C, checked, closeDescriptor, type Memory, mapDescriptor, unmap } from './native.ts';

const BPF_MAP_TYPE_RINGBUF = 27;
const PAGE = 4096;
const HEADER = 8;
const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;

/** Reads a kernel ring buffer record by record: simple, not fast. */
export interface Ring {
  readonly fd: number;
  /** Copies all records since the last call, oldest first. */
  take(): Uint8Array[];
  close(): void;
}

/** Creates a ring. `bytes` is a power of two and a multiple of the page size. */
export function createRing(bytes: number): Ring {
  const fd = checked(
    'libbpf',
    'bpf_map_create',
    [C.int, BPF_MAP_TYPE_RINGBUF],
    [C.string, 'lab_ring'],
    [C.unsigned, 0],
    [C.unsigned, 0],
    [C.unsigned, bytes],
    [C.size, 0],
  );
  // The kernel's layout (kernel/bpf/ringbuf.c): consumer page, producer page, data twice.
  const consumer = mapDescriptor(fd, 0, PAGE, 'write');
  const producer = mapDescriptor(fd, PAGE, PAGE + 2 * bytes, 'read');
  return {
    fd,
    take: () => takeRecords(consumer, producer, bytes),
    close: () => {
      unmap(consumer);
      unmap(producer);
      closeDescriptor(fd);
    },
  };
}

const position = (memory: Memory) => new BigUint64Array(memory.bytes.buffer, memory.bytes.byteOffset, 1);

function takeRecords(consumer: Memory, producer: Memory, bytes: number): Uint8Array[] {
  const written = Number(Atomics.load(position(producer), 0));
  let read = Number(Atomics.load(position(consumer), 0));
  const records: Uint8Array[] = [];
  while (read < written) {
    const at = PAGE + (read & (bytes - 1));
    const header = new DataView(producer.bytes.buffer, producer.bytes.byteOffset + at, HEADER).getUint32(0, true);
    if (header & BUSY) throw new Error('a record is busy although no program runs');
    const length = header & ~(BUSY | DISCARD);
    if (!(header & DISCARD)) records.push(Uint8Array.from(producer.bytes.subarray(at + HEADER, at + HEADER + length)));
    read += Math.ceil((HEADER + length) / 8) * 8;
  }
  Atomics.store(position(consumer), 0, BigInt(read));
  return records;
}
