/** Attaches the program to an interface with a bpf_link, which the kernel removes when this process ends. */
import type { AttachMode } from '@packetlog/common';
import { ERRNO } from '../../errors/errno.ts';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { RequestedMode } from '../../ipc/settings.ts';
import { createXdpLink, objectInfo, XDP_FLAGS } from '../../native/libbpf.ts';
import { bootTime } from '../../native/libc.ts';
import type { LinkFacts } from '../../native/link-message.ts';
import { CLOCK_OFFSETS } from '../../system/time-namespace.ts';
import { climb, explainRejections, genericFirst, ladder } from './attach-ladder.ts';
import { describeForeignProgram, foreignProgram } from './foreign-program.ts';
import { programHolder } from './program-holder.ts';

export interface Attachment {
  /** Descriptor of the link; closing it detaches. */
  link: number;
  mode: AttachMode;
  /** Why the mode is not native with several buffers; absent if it is. */
  reason: string | undefined;
}

export interface AttachablePrograms {
  single: number;
  frags: number | undefined;
}

/**
 * Attaches in the best mode that the kernel accepts. `name`: the interface's name, safe to print on a terminal. Throws
 * SetupError.
 */
export function attach(
  programs: AttachablePrograms,
  name: string,
  { ifindex, kind }: Pick<LinkFacts, 'ifindex' | 'kind'>,
  requested: RequestedMode,
): Attachment {
  const steps = ladder(requested, programs.frags !== undefined, kind);
  const climbed = climb(steps, (step) =>
    createXdpLink(
      step.program === 'frags' ? (programs.frags ?? programs.single) : programs.single,
      ifindex,
      step.mode === 'generic' ? XDP_FLAGS.generic : XDP_FLAGS.native,
    ),
  );
  if (climbed.outcome === 'attached') {
    const { link, step, rejections } = climbed;
    const failed = rejections.length > 0 ? explainRejections(rejections) : undefined;
    const preferred = step.mode === 'generic' ? genericFirst(requested, kind) : undefined;
    return { link, mode: step.mode, reason: preferred ?? failed };
  }
  const last = climbed.rejections.at(-1)?.errno ?? ERRNO.EINVAL;
  if (climbed.outcome === 'busy') throw busy(name, ifindex, last);
  throw rejected(name, requested, last, explainRejections(climbed.rejections));
}

function busy(name: string, ifindex: number, errno: number): SetupError {
  const owner = foreignProgram(ifindex, { realMs: Date.now(), bootNs: bootTime() - CLOCK_OFFSETS.boottime });
  return new SetupError({
    step: 'attach to',
    target: name,
    errno,
    problem: owner ? `${describeForeignProgram(owner)} is there and was left alone` : 'another XDP program is there',
    next: owner?.name.startsWith('packetlog')
      ? anotherLoader(owner.id)
      : `Remove it first (for example: ip link set dev ${name} xdp off), or watch another interface with --iface.`,
    exit: 'busy',
  });
}

function anotherLoader(program: number): string {
  const pid = programHolder(program);
  return pid === undefined
    ? 'An earlier packetlog left it attached: packetlog unload removes it (add --bpf-fs if that packetlog used it).'
    : `Another packetlog, with pid ${pid}, watches this interface: end it first, or watch another with --iface.`;
}

function rejected(name: string, requested: RequestedMode, errno: number, reasons: string): SetupError {
  const denied = errno === ERRNO.EPERM || errno === ERRNO.EACCES;
  let next = 'The kernel log (dmesg) may have the driver’s reason; watch another interface with --iface.';
  if (denied) next = privilegeAdvice({ needs: 'CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON' });
  else if (errno === ERRNO.ENODEV) next = 'List the interfaces with: ip -br link.';
  else if (requested === 'native') next = 'Try --mode generic, which needs no driver support.';
  return new SetupError({
    step: 'attach to',
    target: name,
    errno,
    problem: reasons,
    next,
    exit: denied ? 'privilege' : 'unsupported',
  });
}

/** struct bpf_link_info of linux/bpf.h: type at 0, id at 4, prog_id at 8, xdp.ifindex at 16. */
const LINK_INFO = { size: 32, program: 8, ifindex: 16 };

/** Returns the ifindex of a link's interface, 0 once the interface is gone, and the id of its program. */
export function linkFacts(link: number): { ifindex: number; program: number } {
  const info = new Uint8Array(LINK_INFO.size);
  const { errno } = objectInfo(link, info);
  if (errno) return { ifindex: 0, program: 0 };
  const view = new DataView(info.buffer);
  return { ifindex: view.getUint32(LINK_INFO.ifindex, true), program: view.getUint32(LINK_INFO.program, true) };
}

/** Returns the ifindex of a link's interface; 0 once the interface is gone. */
export const linkInterface = (link: number): number => linkFacts(link).ifindex;
