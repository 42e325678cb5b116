import { type Network, parseNetwork, unmapped } from '@packetlog/common';
import { invalid } from '../rules/ruleset/rejection.ts';

/** Parses the source of a request: an address or a network. Throws RulesRejection. */
export function parseSource(source: string): Network {
  try {
    return unmapped(parseNetwork(source));
  } catch (error) {
    throw invalid(`source: ${(error as Error).message}.`, 'source');
  }
}
