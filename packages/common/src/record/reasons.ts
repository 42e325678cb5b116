/** Explains the reason of a record. */
import { REASONS, type Reason } from './layout.ts';

const SENTENCES: Readonly<Record<Reason, string>> = {
  none: 'No rule matched, and nothing unusual was found.',
  rule: 'A rule decided.',
  would_deny: 'An observe rule matched: as a deny rule it would have denied the packet.',
  default_policy: 'No rule matched, and the default policy is to deny.',
  malformed: 'A header is inconsistent with itself or with the enclosing header. Nothing after it was read.',
  truncated: 'The frame, or the datagram in it, ends inside a header.',
  fragment: 'A later fragment of a packet: the ports are in the first one.',
  extension_limit: 'It has more IPv6 extension headers than the program follows.',
  not_ip: 'It is neither IPv4 nor IPv6.',
  vlan_limit: 'It has more VLAN tags than the program follows.',
  limit: 'It was over a limit.',
  would_limit: 'It was over a limit that is not enforced: it would have been denied.',
};

const BY_CODE: ReadonlyMap<number, string> = new Map(
  Object.entries(REASONS).map(([name, code]) => [code, SENTENCES[name as Reason]]),
);

/** Returns one sentence, also for codes of a later version. */
export function reasonSentence(code: number): string {
  return BY_CODE.get(code) ?? `A reason (${code}) unknown to this version.`;
}
