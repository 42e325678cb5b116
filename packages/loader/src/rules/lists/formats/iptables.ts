/** What `iptables-save` prints, where it denies sources and nothing else. */
import type { Shaped } from './shaped.ts';

const PURE = /^-A (\S+) (?:-m comment --comment (?:"[^"]*"|\S+) )?-s (\S+) -j (?:DROP|REJECT)\b/;
/** Says nothing of packets: tables, policies of chains, the end, and how a chain of fail2ban ends. */
const NEUTRAL = /^(?:\*|:|COMMIT$|-N |-A \S+ -j RETURN$|#|$)/;

/** Undefined: it is something else. */
export function fromIptables(lines: readonly string[]): Shaped | undefined {
  const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (first === undefined || !/^(?:\*(?:filter|raw|mangle|nat|security)\s*$|-A \S)/.test(first)) return undefined;
  const chains = new Set<string>();
  let other: string | undefined;
  const made = lines.map((line) => {
    const [, chain, source = ''] = PURE.exec(line) ?? [];
    if (chain !== undefined) chains.add(chain);
    else if (!NEUTRAL.test(line.trim())) other ??= line.trim();
    return chain === undefined ? '' : source;
  });
  if (other !== undefined || chains.size > 1) {
    const what = other === undefined ? `${chains.size} chains` : `rules that say more, such as "${other.slice(0, 80)}"`;
    return {
      lines: [],
      notes: [],
      problem: `is iptables output with ${what}: keep only the sources to deny completely, one per line`,
    };
  }
  return { lines: made, notes: [`It was read as the sources that iptables chain ${[...chains].join()} denies.`] };
}
