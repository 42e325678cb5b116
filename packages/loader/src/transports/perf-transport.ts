/** For each online CPU a perf event buffer of permits and one of denies. */
import { MAPS } from '@packetlog/bpf';
import { SetupError } from '../errors/setup-error.ts';
import { need } from '../native/check.ts';
import { mapDescriptor, putMap, setMaxEntries } from '../native/libbpf.ts';
import { enablePerfEvent, mapShared, openPerfOutput, pageSize } from '../native/libc.ts';
import { PerfRing } from '../rings/perf-ring.ts';
import { onlineCpus } from '../system/cpus.ts';
import { PERF_ADVICE, perfProblem } from '../system/perf-paranoid.ts';
import type { FindMap, OpenTransport, Transport, TransportSettings } from './transport.ts';

/** Offsets in struct perf_event_mmap_page. */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

export const perfTransport: Transport = {
  name: 'perf',

  configure(map: FindMap, { cpus }: TransportSettings): void {
    for (const name of [MAPS.perfPermits, MAPS.perfDenies]) need(setMaxEntries(map(name), cpus), 'size map', name);
  },

  open(map: FindMap, { ringBytes, denyBytes }: TransportSettings): OpenTransport {
    const cpus = [...onlineCpus()];
    const opened = [
      { name: MAPS.perfPermits, bytes: ringBytes },
      { name: MAPS.perfDenies, bytes: denyBytes },
    ].flatMap(({ name, bytes }) => {
      const events = mapDescriptor(map(name));
      return cpus.map((cpu) => openBuffer(events, cpu, bytes));
    });
    return {
      rings: opened.map(({ ring }) => ring),
      descriptors: opened.map(({ fd }) => fd),
      // The buffers end with their process, and their contents with them.
      canPoll: false,
      made: [],
      before: undefined,
      woken: () => {},
    };
  },
};

function openBuffer(events: number, cpu: number, bytes: number): { fd: number; ring: PerfRing } {
  const page = pageSize();
  const fd = openEvent(cpu);
  const memory = mapShared(fd, 0, page + bytes, 'read-write');
  need(putMap(events, cpu, fd), 'place perf event', `for CPU ${cpu}`);
  enablePerfEvent(fd);
  const word = (offset: number) => new BigUint64Array(memory.buffer, memory.byteOffset + offset, 1);
  return { fd, ring: new PerfRing({ head: word(DATA_HEAD), tail: word(DATA_TAIL), data: memory.subarray(page) }) };
}

function openEvent(cpu: number): number {
  try {
    return openPerfOutput(cpu);
  } catch (cause) {
    const problem = perfProblem();
    throw new SetupError({
      step: 'open perf event',
      target: `for CPU ${cpu}`,
      ...(problem === undefined
        ? { next: 'It needs CAP_PERFMON (or root).' }
        : { problem: `${(cause as Error).message}: ${problem}`, next: PERF_ADVICE }),
      exit: 'privilege',
      cause,
    });
  }
}
