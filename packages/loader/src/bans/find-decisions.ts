import type { BanResults, CheckedBansRequest } from '@packetlog/common';
import { RulesRejection } from '../rules/ruleset/rejection.ts';
import { LineLogError } from '../rules/store/line-log.ts';
import { concerns } from './active-bans.ts';
import { CLIENT_BYTES, type DecisionLog } from './decision-log.ts';
import { parseSource } from './parse-source.ts';

/**
 * Returns the decisions that a request asks about. `isOfClient`: it comes from the network, so at most CLIENT_BYTES are
 * read. Throws RulesRejection.
 */
export function findDecisions(
  log: Pick<DecisionLog, 'find'>,
  { id, source, before_id: beforeId, limit }: CheckedBansRequest<'decisions'>,
  nowMs: number,
  isOfClient: boolean,
): BanResults['decisions'] {
  const network = source === undefined ? undefined : parseSource(source);
  const isWanted = network && ((text: string) => concerns(text, network));
  try {
    return { decisions: log.find({ id, isWanted, beforeId, limit }, nowMs, isOfClient ? CLIENT_BYTES : undefined) };
  } catch (cause) {
    if (!(cause instanceof LineLogError)) throw cause;
    const message = `The decisions in ${cause.path} cannot be read: ${cause.message}. Give the loader read access to them.`;
    throw new RulesRejection({ code: 'internal', message }, { cause });
  }
}
