/** Errors for an interface that the program cannot be attached to. */
import { readFileSync } from 'node:fs';
import { ERRNO } from '../../errors/errno.ts';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { RequestedMode } from '../../ipc/settings.ts';
import { bootTime } from '../../native/libc.ts';
import { capabilityProblem, missingCapabilities, NEEDED_TEXT, ownCapabilities } from '../../system/capabilities.ts';
import { printableName } from '../../system/interface-name.ts';
import { CLOCK_OFFSETS } from '../../system/time-namespace.ts';
import { describeForeignProgram, type ForeignProgram, foreignProgram, UNKNOWN_NAME } from './foreign-program.ts';
import { TRY_GENERIC } from './native-obstacles.ts';
import { programHolder } from './program-holder.ts';
import { programPin } from './program-pin.ts';

/** Returns the error for an interface that has another XDP program: names it, and what keeps it there. */
export function occupied(name: string, ifindex: number, errno: number = ERRNO.EBUSY): SetupError {
  const owner = foreignProgram(ifindex, { realMs: Date.now(), bootNs: bootTime() - CLOCK_OFFSETS.boottime });
  const isOurs = owner !== undefined && isPacketlogs(owner);
  return new SetupError({
    step: 'attach to',
    target: name,
    errno,
    problem: owner
      ? `${describeForeignProgram(owner)} is there${isOurs ? '' : keptBy(owner)} and was left alone`
      : 'another XDP program is there',
    next: owner && isOurs ? anotherLoader(owner.id) : removal(name, owner),
    exit: 'busy',
  });
}

/** Returns ", held by bpftool (pid 12)," or ", pinned at /sys/fs/bpf/x,"; empty if neither is known. */
function keptBy({ id }: ForeignProgram): string {
  const pid = programHolder(id);
  if (pid !== undefined) return `, held by ${commandOf(pid)} (pid ${pid}),`;
  const pin = programPin(id);
  return pin === undefined ? '' : `, pinned at ${printableName(pin)},`;
}

/** Without CAP_SYS_ADMIN the kernel does not tell the name: then the process that holds the program decides. */
function isPacketlogs({ id, name }: ForeignProgram): boolean {
  if (name !== UNKNOWN_NAME) return name.startsWith('packetlog');
  const pid = programHolder(id);
  return pid !== undefined && commandOf(pid) === 'packetlog';
}

function removal(name: string, owner: ForeignProgram | undefined): string {
  if (owner?.name === UNKNOWN_NAME) {
    return `See what it is: packetlog doctor --iface ${name}, as root. If an earlier packetlog left it attached, packetlog unload removes it (add --bpf-fs if that packetlog used it).`;
  }
  const command = `ip link set dev ${name} ${owner?.mode === 'generic' ? 'xdpgeneric' : 'xdp'} off`;
  return `Remove it first (for example: ${command}), or watch another interface with --iface.`;
}

function anotherLoader(program: number): string {
  const pid = programHolder(program);
  return pid === undefined
    ? 'An earlier packetlog left it attached: packetlog unload removes it (add --bpf-fs if that packetlog used it).'
    : `Another packetlog, with pid ${pid}, watches this interface: end it first, or watch another with --iface.`;
}

function commandOf(pid: number): string {
  try {
    return printableName(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
  } catch {
    return 'a process';
  }
}

/** Returns the error of a kernel that rejects the program. `remedies`: sentences, for obstacles of native mode. */
export function rejected(
  name: string,
  requested: RequestedMode,
  errno: number,
  reasons: string,
  remedies: readonly string[] = [],
): SetupError {
  const denied = errno === ERRNO.EPERM || errno === ERRNO.EACCES;
  const lacking = denied ? capabilityProblem(missingCapabilities(ownCapabilities())) : undefined;
  let next = 'The kernel log (dmesg) may have the driver’s reason; watch another interface with --iface.';
  if (denied) next = lacking?.next ?? privilegeAdvice({ needs: NEEDED_TEXT });
  else if (errno === ERRNO.ENODEV) next = 'List the interfaces with: ip -br link.';
  else if (requested === 'native') next = remedies.length > 0 ? remedies.join(' ') : TRY_GENERIC;
  return new SetupError({
    step: 'attach to',
    target: name,
    errno,
    problem: lacking?.problem ?? reasons,
    next,
    exit: denied ? 'privilege' : 'unsupported',
  });
}
