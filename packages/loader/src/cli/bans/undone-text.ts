/** What an undo has ended, as lines for a terminal. */
import type { BanResults } from '@packetlog/common';

const MAX_LISTED = 10;

export function undoneText({ undone, permit_rules }: BanResults['undo']): string[] {
  const [ban] = undone;
  const ended =
    undone.length === 1 ? `Ban ${ban} has ended.` : `${count(undone.length)} bans have ended: ${listed(undone)}.`;
  const rules = permit_rules.length === 1 ? `Rule ${permit_rules[0]} permits` : `Rules ${listed(permit_rules)} permit`;
  const never = `${rules} all packets from ${permit_rules.length === 1 ? 'it' : 'them'}, also to closed ports. To remove: packetlog rules remove ${permit_rules.slice(0, MAX_LISTED).join(' ')}.`;
  return permit_rules.length === 0 ? [ended] : [ended, never];
}

function listed(ids: readonly number[]): string {
  const more = ids.length - MAX_LISTED;
  return `${ids.slice(0, MAX_LISTED).join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
