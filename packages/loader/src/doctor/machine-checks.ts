/** Checks of the machine and of this process, from facts. Pure. */
import { isBefore, kernelProblem } from '../system/kernel-version.ts';
import { countsLockedMemory, MEMLOCK_ADVICE } from '../system/memlock.ts';
import type { ClockOffsets } from '../system/time-namespace.ts';
import { type Check, fail, notChecked, ok, warn } from './doctor-check.ts';

const KIB = 1024;
const MIB = 2 ** 20;
const NS_PER_S = 1_000_000_000n;
const MIN_NODE = { major: 20, minor: 19 };
/** Architectures whose system call numbers src/native/libc.ts has for all transports. */
const TESTED_CPUS: readonly string[] = ['x64', 'arm64'];

export interface RuntimeFacts {
  /** Version of the package. */
  packetlog: string;
  node: string;
  cpu: string;
}

export function runtimeCheck({ packetlog, node, cpu }: RuntimeFacts): Check {
  const finding = `packetlog ${packetlog} on Node.js ${node} (${cpu})`;
  if (isBefore(node, [MIN_NODE.major, MIN_NODE.minor])) {
    const next = `Use Node.js ${MIN_NODE.major}.${MIN_NODE.minor} or later; the packages of packetlog contain one.`;
    return fail('runtime', { problem: `Node.js ${node} is too old`, next });
  }
  if (TESTED_CPUS.includes(cpu)) return ok('runtime', finding);
  return warn('runtime', { problem: `${finding}: this processor is not tested`, next: 'Use x86-64 or arm64.' });
}

export interface KernelFacts {
  release: string;
  /** Content of /proc/sys/net/core/bpf_jit_enable; undefined: only root may read it. */
  jit: string | undefined;
  isRealtime: boolean;
  /** Content of /proc/cmdline; undefined: it cannot be read. */
  commandLine: string | undefined;
}

export function kernelCheck({ release, jit, isRealtime, commandLine }: KernelFacts): Check {
  const problem = kernelProblem(release);
  if (problem) return fail('kernel', problem);
  if (jit?.trim() === '0') {
    const next = 'Turn it on: sysctl net.core.bpf_jit_enable=1.';
    return warn('kernel', { problem: 'The just-in-time compiler for BPF is off, so each packet costs more', next });
  }
  if (commandLine?.split(/\s+/).includes('packetlog.off')) {
    const next = 'Reboot without it, or start packetlog in a terminal: packetlog run.';
    return warn('kernel', { problem: 'The kernel was started with packetlog.off: the service does not start', next });
  }
  const lacking = [
    ...(isBefore(release, [5, 12]) ? ['no array ring (the kernel ring takes its place)'] : []),
    ...(isBefore(release, [5, 18]) ? ['no native mode for jumbo frames'] : []),
  ];
  const realtime = isRealtime ? ' with PREEMPT_RT, so the kernel ring is used' : '';
  return ok('kernel', `Linux ${release}${realtime}${lacking.length === 0 ? '' : `: ${lacking.join('; ')}`}`);
}

export function btfCheck(hasBtf: boolean): Check {
  return ok('btf', hasBtf ? 'The kernel has BTF' : 'The kernel has no BTF, and packetlog does not need it');
}

/** `text`: content of /sys/kernel/security/lockdown, "none [integrity] confidentiality"; undefined: there is none. */
export function lockdownCheck(text: string | undefined): Check {
  const mode = /\[(\w+)\]/.exec(text ?? '')?.[1] ?? 'none';
  if (mode !== 'confidentiality') return ok('lockdown', `Kernel lockdown: ${mode}`);
  return warn('lockdown', {
    problem: 'Kernel lockdown is "confidentiality", in which some kernels forbid bpf(2)',
    next: 'If packetlog run fails with EPERM, boot with lockdown=integrity.',
  });
}

export interface MemlockFacts {
  release: string;
  /** In bytes; Infinity: unlimited. */
  limit: number;
  /** Bytes that the rings need. */
  needed: number;
}

export function memlockCheck({ release, limit, needed }: MemlockFacts): Check {
  if (!countsLockedMemory(release)) return ok('memlock', 'Not limited: since Linux 5.11 maps are not locked memory');
  if (limit >= needed) return ok('memlock', 'The memlock limit is high enough');
  const problem = `The memlock limit is ${Math.floor(limit / KIB)} KiB, and the rings need ${Math.ceil(needed / MIB)} MiB`;
  return warn('memlock', { problem, next: MEMLOCK_ADVICE });
}

export interface ClockFacts {
  /** Content of current_clocksource; undefined: it cannot be read. */
  source: string | undefined;
  offsets: Readonly<ClockOffsets>;
  nowMs: number;
}

/** Clock sources that are read without leaving the processor. */
const FAST_SOURCES: readonly string[] = ['tsc', 'arch_sys_counter', 'kvm-clock', 'hyperv_clocksource_tsc_page'];
/** A clock before this time was never set. */
const EARLIEST_MS = Date.UTC(2024, 0);

export function clockCheck({ source, offsets, nowMs }: ClockFacts): Check {
  if (nowMs < EARLIEST_MS) {
    const problem = `The clock says ${new Date(nowMs).toISOString().slice(0, 10)}, so records have wrong times`;
    return warn('clock', { problem, next: 'Set it: timedatectl set-ntp true.' });
  }
  if (source === undefined) return notChecked('clock', 'the clock source cannot be read', 'Mount sysfs at /sys.');
  if (!FAST_SOURCES.includes(source)) {
    const problem = `The clock source ${source} is slow, so each recorded packet costs more`;
    return warn('clock', {
      problem,
      next: 'Use --clock cached, or boot with clocksource=tsc if the processor allows it.',
    });
  }
  const seconds = offsets.monotonic / NS_PER_S;
  const namespace = seconds === 0n ? '' : `; times are corrected for the time namespace (${seconds} s)`;
  return ok('clock', `Clock source ${source}${namespace}`);
}
