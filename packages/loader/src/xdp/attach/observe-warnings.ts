/** What is unusual about devices of this thread's network namespace. */
import type { AttachedInterface } from '../../ipc/messages.ts';
import type { RequestedMode } from '../../ipc/settings.ts';
import type { LinkFacts } from '../../native/link-message.ts';
import { linkFactsOf } from '../../native/rtnetlink.ts';
import { printableName } from '../../system/interface-name.ts';
import { genericFirst } from './attach-ladder.ts';
import { type DeviceWarnings, deviceWarnings } from './device-warnings.ts';
import { unlessUnknown } from './link-device.ts';
import { nativeWarning } from './native-obstacles.ts';
import { observeNative } from './observe-native.ts';

/** Throws SystemCallError. */
export function observeWarnings(link: LinkFacts): DeviceWarnings {
  const master = linkFactsOf(link.master);
  return deviceWarnings(
    printableName(link.name),
    link,
    master && { name: printableName(master.name), kind: master.kind },
  );
}

/**
 * Returns the warnings of a start as whole sentences; none for a device that the kernel cannot describe now. `requested`:
 * as in --mode. `hasFrags`: whether the program for packets in several buffers is loaded.
 */
export function startWarnings(
  attached: readonly AttachedInterface[],
  requested: RequestedMode,
  hasFrags: boolean,
): string[] {
  return attached.flatMap(({ ifindex, mode }) => {
    const warnings = unlessUnknown(() => {
      const link = linkFactsOf(ifindex);
      if (!link) return [];
      const { state, member } = observeWarnings(link);
      const fellBack = requested === 'auto' && mode === 'generic' && genericFirst(requested, link.kind) === undefined;
      return [state, member, fellBack ? nativeWarning(observeNative(link, hasFrags)) : undefined];
    });
    if (warnings === 'unknown') return [];
    return warnings.flatMap((each) => (each ? [`${each.problem}. ${each.next}`] : []));
  });
}
