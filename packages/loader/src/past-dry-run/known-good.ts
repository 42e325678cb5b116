/** Recognizes sources that are probably wanted: those that a permit rule names, and protected addresses. */
import { type KnownGoodReason, type Network, parseNetwork, type Rule, ruleSentence, unmapped } from '@packetlog/common';
import type { Compiler } from '../rules/compiler/worker/compiler.ts';
import { NO_SOURCE, RuleImage } from '../rules/evaluator/rule-image.ts';
import { type Ruleset, setOf } from '../rules/ruleset/ruleset.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';

const ANY_TIME = 0n;
const ONLY_SERVICE = 0;
const MAPPED_WORD = 0xffff;

interface PermitRules {
  readonly image: RuleImage;
  readonly rules: ReadonlyMap<number, Rule>;
}

export class KnownGood {
  readonly #permits: readonly PermitRules[];
  readonly #protected: readonly (Protected & { readonly network: Network })[];

  private constructor(permits: readonly PermitRules[], addresses: readonly Protected[]) {
    this.#permits = permits;
    this.#protected = addresses.map((each) => ({ ...each, network: unmapped(parseNetwork(each.address)) }));
  }

  /** `rulesets`: whose permit rules count, whatever else than the source they match, and whatever their expiry. */
  static async of(
    rulesets: readonly Ruleset[],
    addresses: readonly Protected[],
    compiler: Compiler,
  ): Promise<KnownGood> {
    const permits = await Promise.all(rulesets.map((ruleset) => permitRules(ruleset, compiler)));
    return new KnownGood(
      permits.flatMap((each) => each ?? []),
      addresses,
    );
  }

  get isEmpty(): boolean {
    return this.#permits.length === 0 && this.#protected.length === 0;
  }

  /** `address`: 16 bytes, IPv4 as `::ffff:a.b.c.d`. */
  reasons(address: Uint8Array, nowMs: number): KnownGoodReason[] {
    const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
    const words = [0, 4, 8, 12].map((offset) => view.getUint32(offset));
    const isIpv4 = words[0] === 0 && words[1] === 0 && words[2] === MAPPED_WORD;
    const source = isIpv4 ? words.slice(3) : words;
    const rules = this.#permits.flatMap(({ image, rules: byId }): KnownGoodReason[] => {
      const value = image.sourceValue(source);
      const node = value === NO_SOURCE ? 0 : image.decideIp(value, ONLY_SERVICE, ANY_TIME);
      const rule = node === 0 ? undefined : byId.get(image.ruleId(node));
      return rule === undefined ? [] : [{ kind: 'permit_rule', rule: ruleSentence(rule, nowMs) }];
    });
    const addresses = this.#protected.flatMap(({ kind, address: text, network }): KnownGoodReason[] =>
      isInside(address, network) ? [{ kind, address: text }] : [],
    );
    return [...rules, ...addresses];
  }
}

async function permitRules(ruleset: Ruleset, compiler: Compiler): Promise<PermitRules | undefined> {
  // A rule for any source says nothing about one.
  const permits = ruleset.rules.filter(({ action, source }) => action === 'permit' && source !== 'any');
  const usable = permits.filter((rule) => ruleset.sets.has(setOf(rule) ?? '') || setOf(rule) === undefined);
  if (usable.length === 0) return undefined;
  const bare = usable.map(
    ({ id, action, source, reason, created_by, created_at }): Rule => ({
      id,
      action,
      source,
      reason,
      created_by,
      created_at,
    }),
  );
  const { image } = await compiler.compile({
    rules: bare,
    defaultPolicy: 'permit',
    sets: new Map([...ruleset.sets].map(([name, { list }]) => [name, list])),
    interfaceSlots: new Map(),
    counters: { limit: bare.length + 1, previous: new Map() },
  });
  return { image: new RuleImage(new Uint8Array(image)), rules: new Map(usable.map((rule) => [rule.id, rule])) };
}

function isInside(address: Uint8Array, { bytes, bits }: Network): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = 0xff & (0xff00 >> Math.min(8, bits - bit));
    if ((((address[bit / 8] as number) ^ (bytes[bit / 8] as number)) & mask) !== 0) return false;
  }
  return true;
}
