/** The filter that selects a finding's packets. */
import type { Finding } from './finding.ts';

/** What a filter and a rule are made of. */
export type FindingFacts = Pick<Finding, 'kind' | 'source' | 'destination' | 'port'>;

export function findingFilter({ kind, source, destination, port }: FindingFacts): string {
  const from = source === undefined ? [] : [`src ${source.includes('/') ? 'net ' : ''}${source}`];
  const to = destination === undefined ? [] : [`dst ${destination}`];
  switch (kind) {
    case 'icmp_flood':
      return [...to, `${destination?.includes(':') ? 'icmp6' : 'icmp'} type echo-request`].join(' and ');
    case 'syn_flood':
      return [...to, `tcp dst port ${port}`, 'flags syn', 'not flags ack'].join(' and ');
    default:
      return [...from, ...to, port === undefined ? 'tcp' : `tcp dst port ${port}`].join(' and ');
  }
}
