/** Reads what the drain thread reports of offenders. */
import {
  type Decision,
  limitNumbers,
  PACKET_LOG_SIZE,
  PacketLogView,
  packetLogJson,
  parsePortRange,
  type Rule,
} from '@packetlog/common';
import type { AttemptEvidence, WatchedAttempts } from '../ipc/evidence/attempt-evidence.ts';
import type { ObservedOffender } from '../ipc/rule-counts.ts';
import type { Offender } from './offender.ts';

const NS_PER_MS = 1_000_000n;
const ANY_PORT = { from: 0, to: 65_535 };

/** `interfaceName`: returns the name of an interface by its index. */
export function offenderOf(observed: ObservedOffender, interfaceName: (ifindex: number) => string): Offender {
  const { limitRule, source, overSinceNs, beganNs, nowNs, connections, evidence } = observed;
  const { in_1_s, in_10_s, in_60_s, ports, isSampled } = evidence;
  return {
    limitRule,
    source,
    overSinceNs,
    connections,
    withinMs: Math.max(0, Number((nowNs - beganNs) / NS_PER_MS)),
    evidence: {
      attempts: { in_1_s, in_10_s, in_60_s },
      ports: [...ports],
      samples: samplesOf(evidence, interfaceName),
      isSampled,
    },
  };
}

/** Returns what a limit that bans measures, for the drain thread. */
export function watchedAttempts(rule: Rule): WatchedAttempts[] {
  const { per } = limitNumbers(rule);
  if (per.kind !== 'source') return [];
  const { from, to } = rule.destination_port === undefined ? ANY_PORT : parsePortRange(rule.destination_port);
  return [{ rule: rule.id, fromPort: from, toPort: to, bits4: per.bits4, bits6: per.bits6 }];
}

function samplesOf({ samples }: AttemptEvidence, interfaceName: (ifindex: number) => string): Decision['samples'] {
  const count = samples.length / PACKET_LOG_SIZE;
  const view = new PacketLogView(samples, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 });
  return Array.from({ length: count }, (_, i) => {
    const line = packetLogJson(view, i, interfaceName(view.ifindex(i)));
    return JSON.parse(line) as Decision['samples'][number];
  });
}
