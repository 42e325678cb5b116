/** Reads the output of `iptables-save` if it does nothing but deny sources. */
import type { ConvertedList } from './converted-list.ts';

const DENIED_SOURCE = /^-A (\S+) (?:-m comment --comment (?:"[^"]*"|\S+) )?-s (\S+) -j (?:DROP|REJECT)\b/;
/** Lines to ignore: tables, chain policies, the end, and the last rule of a fail2ban chain. */
const IGNORED = /^(?:\*|:|COMMIT$|-N |-A \S+ -j RETURN$|#|$)/;

/** Converts the denied sources. Returns undefined for other text. */
export function fromIptables(lines: readonly string[]): ConvertedList | undefined {
  const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (first === undefined || !/^(?:\*(?:filter|raw|mangle|nat|security)\s*$|-A \S)/.test(first)) return undefined;
  const chains = new Set<string>();
  let other: string | undefined;
  const sources = lines.map((line) => {
    const [, chain, source = ''] = DENIED_SOURCE.exec(line) ?? [];
    if (chain !== undefined) chains.add(chain);
    else if (!IGNORED.test(line.trim())) other ??= line.trim();
    return chain === undefined ? '' : source;
  });
  if (other !== undefined || chains.size > 1) {
    const what =
      other === undefined ? `${chains.size} chains` : `rules with more conditions, such as "${other.slice(0, 80)}"`;
    return {
      lines: [],
      notes: [],
      problem: `is iptables output with ${what}: keep only the sources to deny completely, one per line`,
    };
  }
  return { lines: sources, notes: [`Read as the sources that iptables chain ${[...chains].join()} denies.`] };
}
