import type { LinkFacts } from '../../native/link-message.ts';
import { linkFactsOf } from '../../native/rtnetlink.ts';
import { printableName } from '../../system/interface-name.ts';
import { type DeviceWarnings, deviceWarnings } from './device-warnings.ts';

/** Returns what is unusual about a device of this thread's network namespace. Throws SystemCallError. */
export function observeWarnings(link: LinkFacts): DeviceWarnings {
  const master = linkFactsOf(link.master);
  return deviceWarnings(
    printableName(link.name),
    link,
    master && { name: printableName(master.name), kind: master.kind },
  );
}
