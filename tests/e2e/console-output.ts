/** Parses the output of `--print json`. */
import type { InterfaceLedger } from '@packetlog/common';

export interface JsonRecord {
  timestamp_ns: string;
  src_addr: string;
  dst_addr: string;
  rule_id: number;
  ifindex: number;
  length: number;
  weight: number;
  src_port: number;
  dst_port: number;
  ether_type: number;
  vlan_id: number;
  ip_protocol: number;
  tcp_flags: number;
  action: string;
  reason: string;
  interface: string;
}

export interface JsonLedger {
  interfaces: Record<string, InterfaceLedger>;
  /** `filtered`: only with a filter. The last two: only if the program is taken over from an earlier loader. */
  delivered: { console: number; filtered?: number; dropped: number; before?: number; waiting?: number };
}

export interface ConsoleOutput {
  records: JsonRecord[];
  ledger: JsonLedger;
}

/** Throws if a line is not JSON or the last one is not the ledger. */
export function readJsonOutput(stdout: string): ConsoleOutput {
  const lines = stdout.split('\n');
  if (lines.pop() !== '') throw new Error('the output does not end with a newline');
  const last = JSON.parse(lines.pop() ?? '{}') as {
    ledger?: Record<string, InterfaceLedger> & { delivered: JsonLedger['delivered'] };
  };
  if (!last.ledger) throw new Error('the last line is not the ledger');
  const { delivered, ...interfaces } = last.ledger;
  return { records: lines.map((line) => JSON.parse(line) as JsonRecord), ledger: { interfaces, delivered } };
}

/** Returns the sums that do not add up, as text; empty if all do. */
export function discrepancies({ interfaces, delivered }: JsonLedger): string[] {
  const problems: string[] = [];
  let emitted = 0;
  for (const [name, c] of Object.entries(interfaces)) {
    emitted += c.emitted;
    if (c.seen !== c.permitted + c.denied + c.aborted)
      problems.push(`${name}: seen is not permitted + denied + aborted`);
    if (c.seen !== c.emitted + c.sampled_out + c.filtered_out + c.ring_full) {
      problems.push(`${name}: seen is not emitted + sampled_out + filtered_out + ring_full`);
    }
  }
  const { console, filtered = 0, dropped, before = 0, waiting = 0 } = delivered;
  if (emitted !== before + console + filtered + dropped + waiting) {
    problems.push('emitted is not before + console + filtered + dropped + waiting');
  }
  return problems;
}
