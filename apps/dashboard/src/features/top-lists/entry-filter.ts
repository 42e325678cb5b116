import { formatIpProtocol } from '@packetlog/common';
import { onlyThis, withoutThis } from '../../text/filter-edit.ts';
import { readFilterText } from '../../text/filter-text.ts';

/** Texts of the filters that match what an entry of a list counts. */
export const ENTRY_FILTER = {
  source: (addr: string) => `src host ${addr}`,
  /** Sources in any of these networks. */
  networks: (networks: readonly string[]) => networks.map((network) => `src net ${network}`).join(' or '),
  port: (ip_protocol: number, port: number) => `proto ${formatIpProtocol(ip_protocol)} and dst port ${port}`,
  pair: (src: string, dst: string) => `src host ${src} and dst host ${dst}`,
  rule: (id: number) => `rule ${id}`,
  interface: (name: string) => `iface "${name}"`,
} as const;

/** Restricts a filter to what an entry counts, or excludes it; null if that gives no valid filter. */
export function withEntry(filter: string, entry: string, isOnly: boolean): string | null {
  const term = readFilterText(entry).filter;
  if (term === null) return null;
  const next = isOnly ? onlyThis(filter, term) : withoutThis(filter, term);
  return readFilterText(next).trouble === null ? next : null;
}
