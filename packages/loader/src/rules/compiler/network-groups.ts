/** Collects the networks of all rules, each with the number of its group: the rules that share it. */
import { type AddressList, AddressListBuilder } from '../lists/address-list.ts';
import { RulesCompileError } from './compile-error.ts';
import type { Places } from './prefix-indexes.ts';
import type { PreparedRules } from './prepared-rules.ts';

/** Limit of groups before any are joined: sets, and rules with their own network. */
export const GROUPS_LIMIT = 2 ** 15;

/** Networks with a group for each, or one for all. */
type Grouped<Part> = Part & { readonly groups: Uint32Array | number };

export interface NetworkGroups {
  readonly ipv4: readonly Grouped<AddressList['ipv4']>[];
  readonly ipv6: readonly Grouped<AddressList['ipv6']>[];
}

/** @throws RulesCompileError if a set is missing, or there are more groups than a key holds */
export function groupNetworks(
  prepared: PreparedRules,
  sets: ReadonlyMap<string, AddressList>,
  places: Places,
): NetworkGroups {
  const sources = prepared.networks.length + prepared.sets.size;
  if (sources > GROUPS_LIMIT) {
    const message = `Rules have ${sources} different sources, more than the ${GROUPS_LIMIT} that can be distinguished: put addresses with the same treatment into a set.`;
    throw new RulesCompileError('limit', message, GROUPS_LIMIT);
  }
  const single = singleNetworks(prepared, places);
  const named = [...prepared.sets].map(([name, rules]) => {
    const list = sets.get(name);
    if (list) return { list, groups: places.addGroup(rules) };
    throw new RulesCompileError('not_found', `There is no set ${name}: import it, or remove the rules that name it.`);
  });
  return {
    ipv4: [single.ipv4, ...named.map(({ list, groups }) => ({ ...list.ipv4, groups }))],
    ipv6: [single.ipv6, ...named.map(({ list, groups }) => ({ ...list.ipv6, groups }))],
  };
}

/** Collects the networks of rules with their own network. */
function singleNetworks({ networks }: PreparedRules, places: Places) {
  const builder = new AddressListBuilder(networks.length);
  const groups4: number[] = [];
  const groups6: number[] = [];
  for (const { network, rule } of networks) {
    builder.addNetwork(network);
    (network.family === 4 ? groups4 : groups6).push(places.addGroup([rule]));
  }
  const { ipv4, ipv6 } = builder.finish();
  return {
    ipv4: { ...ipv4, groups: Uint32Array.from(groups4) },
    ipv6: { ...ipv6, groups: Uint32Array.from(groups6) },
  };
}
