/** Formats the notices about watched interfaces. Pure. */
import type { Interface, Notice } from '@packetlog/common';
import { printableName } from '../system/interface-name.ts';
import { absentInterface } from '../xdp/attach/watch-errors.ts';

type Named = Pick<Interface, 'name'>;

function notice(atMs: number, { name }: Named, level: Notice['level'], code: Notice['code'], message: string): Notice {
  return { at_ms: atMs, level, code, message, interface: name };
}

export function absent(watched: Named, atMs: number): Notice {
  const { problem, next } = absentInterface(printableName(watched.name));
  return notice(atMs, watched, 'warning', 'interface_waiting', `${problem}. ${next}`);
}

export function gone(watched: Named, atMs: number): Notice {
  const message = `Interface ${printableName(watched.name)} is gone. Its counters are kept; it will be watched again when it returns.`;
  return notice(atMs, watched, 'warning', 'interface_gone', message);
}

/** The interface is in another network namespace now. */
export function departed(watched: Named, atMs: number): Notice {
  const message = `Interface ${printableName(watched.name)} left this network namespace: the program was detached from it, and rules do not act there. Its counters are kept; it will be watched again when it returns.`;
  return notice(atMs, watched, 'warning', 'interface_gone', message);
}

export function unfilterable(watched: Named, problem: string, atMs: number): Notice {
  const message = `Interface ${printableName(watched.name)} is no longer filtered: ${problem}. Its counters are kept.`;
  return notice(atMs, watched, 'error', 'attach_failed', message);
}

/** `before`: the name until now. */
export function renamed(watched: Named, before: string, atMs: number): Notice {
  const message = `Interface ${printableName(before)} is now called ${printableName(watched.name)}; it is watched as before.`;
  return notice(atMs, watched, 'info', 'interface_renamed', message);
}

/** `isNew`: it exists for the first time since the loader started. */
export function attachedAgain(watched: Pick<Interface, 'name' | 'mode'>, isNew: boolean, atMs: number): Notice {
  const what = isNew ? 'has appeared and is watched' : 'is back and watched again';
  const message = `Interface ${printableName(watched.name)} ${what} (${watched.mode}).`;
  return notice(atMs, watched, 'info', 'interface_returned', message);
}

/** `message`: of the error. */
export function notAttached(watched: Named, message: string, atMs: number): Notice {
  return notice(atMs, watched, 'error', 'attach_failed', message);
}
