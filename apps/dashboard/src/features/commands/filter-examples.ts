/** Filters to start with, and what they match. */
export const FILTER_EXAMPLES = [
  ['tcp dst port 443', 'HTTPS to this server'],
  ['src net 203.0.113.0/24 and not icmp', 'from a network, without ICMP'],
  ['action deny or would-deny', 'denied, or would deny'],
  ['flags syn and not port 22', 'new connections, except ssh'],
  ['len > 1000', 'long frames'],
] as const;
