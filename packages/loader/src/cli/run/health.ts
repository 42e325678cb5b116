/** Whether the running loader does what was requested. Pure. */
import type { LoaderStatus } from '../../ipc/loader-status.ts';
import { printableName } from '../../system/interface-name.ts';

/**
 * Returns what is wrong now, as sentences: an interface that is not watched, rules that are not in force, an alarm of
 * the rules. Empty: the loader does what was requested.
 */
export function problemsOf({ interfaces, rules }: Pick<LoaderStatus, 'interfaces' | 'rules'>): string[] {
  return [
    ...interfaces
      .filter(({ state }) => state !== 'attached')
      .map(({ name, state }) => `${printableName(name)} is not watched (${state}).`),
    ...(rules.in_force ? [] : ['The rules are not in force: see packetlog rules list.']),
    ...rules.alarms.map(printableName),
  ];
}
