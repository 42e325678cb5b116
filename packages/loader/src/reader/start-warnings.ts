/** Warnings about the watched interfaces, printed once the program is attached. */
import type { AttachedInterface } from '../ipc/messages.ts';
import { linkFactsOf } from '../native/rtnetlink.ts';
import { unlessUnknown } from '../xdp/attach/link-device.ts';
import { observeWarnings } from '../xdp/attach/observe-warnings.ts';

/** Returns whole sentences; none for a device that the kernel cannot describe now. */
export function startWarnings(attached: readonly AttachedInterface[]): string[] {
  return attached.flatMap(({ ifindex }) => {
    const warnings = unlessUnknown(() => {
      const link = linkFactsOf(ifindex);
      return link && observeWarnings(link);
    });
    if (warnings === undefined || warnings === 'unknown') return [];
    const { state, member } = warnings;
    return [state, member].flatMap((each) => (each ? [`${each.problem}. ${each.next}`] : []));
  });
}
