/** To begin with: a filter, and what it lets through. */
export const FILTER_EXAMPLES = [
  ['tcp dst port 443', 'to the web server, encrypted'],
  ['src net 203.0.113.0/24 and not icmp', 'from a network, without pings'],
  ['action deny or would-deny', 'what was refused, or would have been'],
  ['flags syn and not port 22', 'connections that begin, but not ssh'],
  ['len > 1000', 'long frames'],
] as const;
