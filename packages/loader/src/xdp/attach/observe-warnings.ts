/** What is unusual about devices of this thread's network namespace. */
import type { AttachedInterface } from '../../ipc/messages.ts';
import type { LinkFacts } from '../../native/link-message.ts';
import { linkFactsOf } from '../../native/rtnetlink.ts';
import { printableName } from '../../system/interface-name.ts';
import { type DeviceWarnings, deviceWarnings } from './device-warnings.ts';
import { unlessUnknown } from './link-device.ts';

/** Throws SystemCallError. */
export function observeWarnings(link: LinkFacts): DeviceWarnings {
  const master = linkFactsOf(link.master);
  return deviceWarnings(
    printableName(link.name),
    link,
    master && { name: printableName(master.name), kind: master.kind },
  );
}

/** Returns the warnings of a start as whole sentences; none for a device that the kernel cannot describe now. */
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
