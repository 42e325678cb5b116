import { ABSENT } from './number.ts';
import type { PacketRow, Verdict } from './row.ts';

const DONE: Record<Verdict, string> = {
  permit: 'Let in',
  deny: 'Refused',
  would_deny: 'Let in, and marked',
  malformed: 'Let in, but not readable',
  aborted: 'Failed on',
};

/** What it is, at a glance: 'Refused: TCP SYN'. */
export function packetTitle({ verdict, protocol, detail }: PacketRow): string {
  return `${DONE[verdict]}: ${protocol}${detail === ABSENT ? '' : ` ${detail}`}`;
}
