/** Observes the machine and this process. */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { requireLibbpf } from '../native/libbpf-version.ts';
import { capabilityProblem, missingCapabilities, NEEDED_TEXT, ownCapabilities } from '../system/capabilities.ts';
import { requireKernelFiles } from '../system/kernel-files.ts';
import { memlockLimit } from '../system/memlock.ts';
import { memoryLimit } from '../system/memory-limit.ts';
import { isRealtimeKernel } from '../system/realtime-kernel.ts';
import { CLOCK_OFFSETS } from '../system/time-namespace.ts';
import { memoryProblem, neededMemory, ringBytesFor } from '../transports/ring-memory.ts';
import { attempt, type Check, fail, ok, warn } from './doctor-check.ts';
import { btfCheck, clockCheck, kernelCheck, lockdownCheck, memlockCheck, runtimeCheck } from './machine-checks.ts';

const MIB = 2 ** 20;

/** `packetlog`: version of the package; `ringSize`: as in --ring-size. */
export function machineChecks(packetlog: string, ringSize: number | undefined): Check[] {
  return [
    runtimeCheck({ packetlog, node: process.versions.node, cpu: process.arch }),
    ...attempt('kernel', () => {
      requireKernelFiles();
      const jit = textOf('/proc/sys/net/core/bpf_jit_enable');
      return [
        kernelCheck({ release: release(), jit, isRealtime: isRealtimeKernel(), commandLine: textOf('/proc/cmdline') }),
      ];
    }),
    btfCheck(existsSync('/sys/kernel/btf/vmlinux')),
    lockdownCheck(textOf('/sys/kernel/security/lockdown')),
    ...attempt('libbpf', () => [ok('libbpf', `Version ${requireLibbpf()}`)]),
    capabilityCheck(),
    ...attempt('memory', () => memoryChecks(ringSize)),
    clockCheck({
      source: textOf('/sys/devices/system/clocksource/clocksource0/current_clocksource')?.trim(),
      offsets: CLOCK_OFFSETS,
      nowMs: Date.now(),
    }),
  ];
}

function capabilityCheck(): Check {
  const problem = capabilityProblem(missingCapabilities(ownCapabilities()));
  return problem ? fail('capabilities', problem) : ok('capabilities', `This process has ${NEEDED_TEXT}`);
}

function memoryChecks(ringSize: number | undefined): Check[] {
  const ringBytes = ringBytesFor(ringSize);
  const needed = neededMemory(ringBytes);
  const problem = memoryProblem(ringBytes);
  const limit = memlockLimit(textOf('/proc/self/limits') ?? '');
  const mib = (bytes: number) => Math.ceil(bytes / MIB);
  return [
    memlockCheck({ release: release(), limit, needed }),
    problem
      ? warn('memory', problem)
      : ok('memory', `packetlog needs about ${mib(needed)} MiB and may use ${mib(memoryLimit())} MiB`),
  ];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
