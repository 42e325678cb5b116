/** Attaches the program to an interface with a bpf_link, which the kernel removes when this process ends. */
import type { AttachMode } from '@packetlog/common';
import { ERRNO } from '../../errors/errno.ts';
import type { RequestedMode } from '../../ipc/settings.ts';
import { createXdpLink, objectInfo, XDP_FLAGS } from '../../native/libbpf.ts';
import type { LinkFacts } from '../../native/link-message.ts';
import { linkFactsOf } from '../../native/rtnetlink.ts';
import { occupied, rejected } from './attach-errors.ts';
import { climb, explainRejections, genericFirst, ladder } from './attach-ladder.ts';
import { nativeObstacles } from './native-obstacles.ts';
import { observeNative } from './observe-native.ts';

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
  if (climbed.outcome === 'busy') throw occupied(name, ifindex, last);
  const remedies = requested === 'native' ? remediesOf(ifindex, programs.frags !== undefined) : [];
  throw rejected(name, requested, last, explainRejections(climbed.rejections), remedies);
}

/** Returns what can be done about the device's obstacles to native mode; the kernel has rejected it. */
function remediesOf(ifindex: number, hasFrags: boolean): string[] {
  const link = linkFactsOf(ifindex);
  if (!link) return [];
  return nativeObstacles(observeNative(link, hasFrags)).map(({ next }) => next);
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
