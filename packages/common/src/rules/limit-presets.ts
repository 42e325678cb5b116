// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** Limits for common attacks, to start from: they observe, and each is a full, visible rule once it was added. */
import type { RuleDraft } from './rule.ts';

export const LIMIT_PRESET_NAMES = ['ssh', 'scan', 'synflood', 'icmp'] as const;
export type LimitPresetName = (typeof LIMIT_PRESET_NAMES)[number];

/** Fields of a draft besides action and source. */
export type LimitPresetRule = Pick<
  RuleDraft,
  'protocol' | 'destination_port' | 'rate' | 'measure' | 'per' | 'then' | 'reason'
>;

export interface LimitPreset {
  readonly name: LimitPresetName;
  /** What it limits, and who keeps below it, as a sentence. */
  readonly about: string;
  readonly rules: readonly LimitPresetRule[];
}

export const LIMIT_PRESETS: readonly LimitPreset[] = [
  {
    name: 'ssh',
    about: 'Attempts to guess passwords. Twenty logins a minute from one source are more than people and scripts need.',
    rules: [
      {
        protocol: 'tcp',
        destination_port: 22,
        rate: '20/min',
        measure: 'connections',
        then: 'ban:1h..24h',
        reason: 'preset ssh',
      },
    ],
  },
  {
    name: 'scan',
    about:
      'Scans of TCP ports. A client uses a few ports of a server. UDP is not limited: answers of a name server go to many ports.',
    rules: [{ protocol: 'tcp', rate: '20/min', measure: 'ports', then: 'block:60s', reason: 'preset scan' }],
  },
  {
    name: 'synflood',
    about:
      'New TCP connections, to all ports. Browsers open some dozens at once; a proxy or a NAT gateway with many users may need more.',
    rules: [{ protocol: 'tcp', rate: '100/s', measure: 'syn', reason: 'preset synflood' }],
  },
  {
    name: 'icmp',
    about: 'Floods of ICMP. Monitoring, traceroute and path MTU discovery stay far below 100 packets a second.',
    rules: [
      { protocol: 'icmp', rate: '100/s', reason: 'preset icmp' },
      { protocol: 'icmpv6', rate: '100/s', reason: 'preset icmp' },
    ],
  },
];

/**
 * Returns the drafts of a preset for a source, with fields of `changes` in place of the preset's; without those that no
 * packet of the source can match.
 */
export function presetDrafts(name: LimitPresetName, source: string, changes: Partial<RuleDraft> = {}): RuleDraft[] {
  const rules = LIMIT_PRESETS.find((preset) => preset.name === name)?.rules ?? [];
  const other =
    source.includes(':') && !source.startsWith('set:') ? 'icmp' : /^\d+\./.test(source) ? 'icmpv6' : undefined;
  return rules
    .filter(({ protocol }) => protocol === undefined || protocol !== other)
    .map((rule) => ({ ...rule, ...changes, action: 'limit', source }));
}
