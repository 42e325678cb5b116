import { ABSENT } from '../../../text/number.ts';
import type { PacketRow } from '../../../text/row-text.ts';
import type { Verdict } from '../../../text/verdict-text.ts';

const DONE: Record<Verdict, string> = {
  permit: 'Permitted',
  deny: 'Denied',
  would_deny: 'Permitted, would deny',
  malformed: 'Permitted, not readable',
  aborted: 'Aborted',
};

/** What it is, at a glance: 'Denied: TCP SYN'. */
export function packetTitle({ verdict, protocol, detail }: PacketRow): string {
  return `${DONE[verdict]}: ${protocol}${detail === ABSENT ? '' : ` ${detail}`}`;
}
