import { type CheckedBansRequest, formatDuration } from '@packetlog/common';

const MAX_NAMED = 20;

/** Returns `ban 17`, or `bans 17, 18 and 200 more`. */
export function listed(decisions: readonly number[]): string {
  const more = decisions.length - MAX_NAMED;
  const named = decisions.slice(0, MAX_NAMED).join(', ');
  return `${decisions.length === 1 ? 'ban' : 'bans'} ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Says that a request names no ban in force, and what to do next. */
export function nothingText({ id, source, limit_rule, last_ms = 0 }: CheckedBansRequest<'undo'>): string {
  return `${subject()} is in force. List those in force with: packetlog bans list.`;

  function subject(): string {
    if (id !== undefined) return `No ban ${id}`;
    if (source !== undefined) return `No ban of ${source}`;
    if (limit_rule !== undefined) return `No ban by limit ${limit_rule}`;
    return `No ban of the last ${formatDuration(last_ms)}`;
  }
}
