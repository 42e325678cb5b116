/** Tells whether the rules in force permit a packet, by evaluating the compiled rules. */
import { RuleImage } from '../evaluator/rule-image.ts';
import { packetFrom } from './probes.ts';

/** A packet from `source`, an address. */
export interface ArrivingPacket {
  readonly source: string;
  readonly ipProtocol: number;
  readonly destinationPort: number;
}

/** Returns whether a permit rule decides on the packet, whichever of the interfaces it arrives on. */
export function permitsNow(
  image: SharedArrayBuffer | undefined,
  interfaceSlots: readonly number[],
  nowMs: number,
): (arriving: ArrivingPacket) => boolean {
  if (image === undefined) return () => false;
  const rules = new RuleImage(new Uint8Array(image));
  const nowNs = BigInt(nowMs) * 1_000_000n;
  return ({ source, ipProtocol, destinationPort }) => {
    const facts = packetFrom(source, [ipProtocol, destinationPort]);
    const value = rules.sourceValue(facts.source);
    return interfaceSlots.every((interfaceSlot) => {
      // Without the facts that conditions compare: a rule with a condition permits some packets of a service only.
      const node = rules.decideIp(value, rules.serviceOf({ ...facts, interfaceSlot }), nowNs);
      return node !== 0 && rules.action(node) === 'permit';
    });
  };
}
