/** The networks of all rules, each with the number of its group: the rules that come with it. */
import type { Network } from '@packetlog/common';
import { type AddressList, AddressListBuilder } from './address-list.ts';
import { RulesCompileError } from './compile-error.ts';
import type { Places } from './compile-places.ts';
import type { PreparedRules } from './compile-rules-list.ts';

/** Groups that are there before any are joined: sets, and rules with a network of their own. */
export const GROUPS_LIMIT = 2 ** 15;

export interface NetworkGroups {
  readonly ipv4: readonly (AddressList['ipv4'] & { readonly group: number })[];
  readonly ipv6: readonly (AddressList['ipv6'] & { readonly group: number })[];
}

/** @throws RulesCompileError when a set is missing, or there are more groups than a key holds. */
export function groupNetworks(
  prepared: PreparedRules,
  sets: ReadonlyMap<string, AddressList>,
  places: Places,
): NetworkGroups {
  const sources = prepared.networks.length + prepared.sets.size;
  if (sources > GROUPS_LIMIT) {
    const message = `Rules have ${sources} different sources, ${GROUPS_LIMIT} can be told apart: put addresses that share a fate into a set.`;
    throw new RulesCompileError('limit', message, GROUPS_LIMIT);
  }
  const grouped: { list: AddressList; group: number }[] = [];
  for (const { network, rule } of prepared.networks) {
    grouped.push({ list: listOf(network), group: places.addGroup([rule]) });
  }
  for (const [name, rules] of prepared.sets) {
    const list = sets.get(name);
    if (!list) {
      throw new RulesCompileError('not_found', `There is no set ${name}: import it, or remove the rules that name it.`);
    }
    grouped.push({ list, group: places.addGroup(rules) });
  }
  return {
    ipv4: grouped.map(({ list, group }) => ({ ...list.ipv4, group })),
    ipv6: grouped.map(({ list, group }) => ({ ...list.ipv6, group })),
  };
}

function listOf({ family, bytes, bits }: Network): AddressList {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const builder = new AddressListBuilder(1);
  if (family === 4) builder.addIpv4(view.getUint32(12), bits - 96);
  else
    builder.addIpv6(
      [0, 4, 8, 12].map((at) => view.getUint32(at)),
      bits,
    );
  return builder.finish();
}
