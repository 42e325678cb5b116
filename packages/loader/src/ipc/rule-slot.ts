/** The kernel's two slots for compiled rules. */
import type { RULE_SLOTS } from '@packetlog/bpf';

export type RuleSlot = keyof typeof RULE_SLOTS;
