import { ABSENT } from '../../../text/number.ts';
import type { PacketRow } from '../../../text/row-text.ts';
import { VERDICT_TEXT } from '../../../text/verdict-text.ts';

/** Titles the drawer of a packet: 'Denied: TCP SYN'. */
export function packetTitle({ verdict, protocol, detail }: PacketRow): string {
  return `${VERDICT_TEXT[verdict].title}: ${protocol}${detail === ABSENT ? '' : ` ${detail}`}`;
}
