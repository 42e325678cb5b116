import { withRecent } from './find-command.ts';

const KEY = 'packetlog-recent-commands';

/** Names of the last used commands, newest first, stored in this browser. */
export function recentCommands(): readonly string[] {
  try {
    const recent: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(recent) ? recent.filter((each): each is string => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberCommand(name: string): void {
  localStorage.setItem(KEY, JSON.stringify(withRecent(recentCommands(), name)));
}
