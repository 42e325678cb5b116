import type { BanResults, CheckedBansRequest } from '@packetlog/common';
import type { ActiveBans } from './active-bans.ts';
import { parseSource } from './parse-source.ts';

/** Answers a request for bans. `packets`: returns how many packets a rule denied. Throws RulesRejection. */
export function listOf(
  active: ActiveBans,
  { source, before_decision, limit }: CheckedBansRequest<'list'>,
  packets: (ruleId: number) => number,
): BanResults['list'] {
  const network = source === undefined ? undefined : parseSource(source);
  return { active: active.size, bans: active.newest(limit, packets, network, before_decision) };
}
