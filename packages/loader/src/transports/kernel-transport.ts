/** For each possible CPU a BPF_MAP_TYPE_RINGBUF of permits and one of denies, each kind in an array of maps. */
import { MAPS } from '@packetlog/bpf';
import { SetupError } from '../errors/setup-error.ts';
import { mapShape } from '../native/bpf-objects.ts';
import { need } from '../native/check.ts';
import { createRing, mapDescriptor, putMap, setMaxEntries } from '../native/libbpf.ts';
import { KernelRing } from '../rings/kernel-ring.ts';
import { onlineCpus } from '../system/cpus.ts';
import { mapRingMemory } from './mapped-ring.ts';
import type { FindMap, OpenTransport, Transport, TransportSettings } from './transport.ts';

/** Bytes of the rings of offline CPUs: small, in case the CPU goes online. */
const OFFLINE_RING_BYTES = 64 * 1024;

export const kernelTransport: Transport = {
  name: 'ring',

  configure(map: FindMap, { cpus }: TransportSettings): void {
    for (const name of [MAPS.permits, MAPS.denies]) need(setMaxEntries(map(name), cpus), 'size map', name);
  },

  open(map: FindMap, { cpus, ringBytes, denyBytes, kept }: TransportSettings): OpenTransport {
    const online = onlineCpus();
    const found = [
      { kind: MAPS.permits, maxBytes: ringBytes },
      { kind: MAPS.denies, maxBytes: denyBytes },
    ].flatMap(({ kind, maxBytes }) => {
      const outer = mapDescriptor(map(kind));
      return Array.from({ length: cpus }, (_, cpu) => {
        const name = `${kind}_${cpu}`;
        const leftover = kept?.(name);
        if (leftover !== undefined)
          return { name, fd: leftover, memory: mapRingMemory(leftover, ringSize(leftover, cpu)) };
        const bytes = online.has(cpu) ? maxBytes : Math.min(maxBytes, OFFLINE_RING_BYTES);
        const fd = makeRing(name, cpu, bytes);
        need(putMap(outer, cpu, fd), 'place ring', `for CPU ${cpu}`);
        return { name, fd, memory: mapRingMemory(fd, bytes) };
      });
    });
    const rings = found.map(({ memory }) => new KernelRing(memory));
    return {
      before: rings.reduce((sum, { records }) => sum + records, 0),
      rings,
      descriptors: found.map(({ fd }) => fd),
      canPoll: false,
      made: found.map(({ name, fd }) => ({ name, fd })),
      // The rings are readable while they hold records: reading them is enough.
      woken: () => {},
    };
  },
};

function ringSize(fd: number, cpu: number): number {
  return need(mapShape(fd), 'take over ring', `for CPU ${cpu}`).entries;
}

function makeRing(name: string, cpu: number, bytes: number): number {
  const ring = createRing(name, bytes);
  if (ring.errno === 0) return ring.value;
  throw new SetupError({
    step: 'create ring',
    target: `for CPU ${cpu} (${bytes} bytes)`,
    errno: ring.errno,
    next: 'Try a smaller --ring-size; before Linux 5.11 also: ulimit -l unlimited.',
    exit: 'failed',
  });
}
