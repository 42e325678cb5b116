/** Formats the TCP flags byte (RFC 9293 section 3.1) as words and as tcpdump's letters, lowest bit first. */
const WORDS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;
const LETTERS = ['F', 'S', 'R', 'P', '.', 'U', 'E', 'W'] as const;

/** Builds each combination on first use: few of the 256 ever occur. */
function combinations(names: readonly string[], separator: string): (flags: number) => string {
  const texts: (string | undefined)[] = new Array(256).fill(undefined);
  return (flags) => {
    texts[flags & 0xff] ??= names.filter((_, bit) => flags & (1 << bit)).join(separator);
    return texts[flags & 0xff] as string;
  };
}

const textOf = combinations(WORDS, ' ');
const lettersOf = combinations(LETTERS, '');

/** Returns `SYN ACK`; '' for 0. */
export function tcpFlagsText(flags: number): string {
  return textOf(flags);
}

/** Returns the flags as tcpdump writes them: `S`, `S.`, `P.`, `F.`, `.`; '' for 0. */
export function tcpFlagsLetters(flags: number): string {
  return lettersOf(flags);
}

const [FIN, SYN, RST, ACK, URG, PSH] = [0x01, 0x02, 0x04, 0x10, 0x20, 0x08];

/**
 * Describes briefly what a packet with these flags does: `opens a connection`. Marks combinations that no correct
 * sender produces: scanners send them.
 */
export function tcpFlagsMeaning(flags: number): string {
  const has = (bit: number) => (flags & bit) !== 0;
  const plain = flags & 0x3f;
  if (plain === 0) return 'has no flags: no valid sender does this';
  if (plain === (FIN | PSH | URG)) return 'has only FIN, PSH and URG (Christmas tree scan): no valid sender does this';
  if (has(SYN) && (has(FIN) || has(RST))) return 'opens and ends at once: no valid sender does this';
  if (has(RST)) return has(ACK) ? 'rejects or aborts a connection' : 'aborts a connection';
  if (has(SYN)) return has(ACK) ? 'accepts a connection' : 'opens a connection';
  if (has(FIN))
    return has(ACK) ? 'ends its half of a connection' : 'ends without a connection: no valid sender does this';
  if (!has(ACK)) return 'acknowledges nothing: no valid sender does this';
  return has(PSH) ? 'carries data to be delivered at once' : 'acknowledges, or carries data';
}
