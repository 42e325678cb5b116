/** The TCP flags byte (RFC 9293 section 3.1) as words and as tcpdump's letters, lowest bit first. */
const WORDS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;
const LETTERS = ['F', 'S', 'R', 'P', '.', 'U', 'E', 'W'] as const;

function everyCombination(names: readonly string[], separator: string): readonly string[] {
  return Array.from({ length: 256 }, (_, flags) => names.filter((_, bit) => flags & (1 << bit)).join(separator));
}

const TEXTS = everyCombination(WORDS, ' ');
const LETTER_TEXTS = everyCombination(LETTERS, '');

/** `SYN ACK`; empty for 0. */
export function tcpFlagsText(flags: number): string {
  return TEXTS[flags & 0xff] as string;
}

/** As tcpdump writes them: `S`, `S.`, `P.`, `F.`, `.`; empty for 0. */
export function tcpFlagsLetters(flags: number): string {
  return LETTER_TEXTS[flags & 0xff] as string;
}
