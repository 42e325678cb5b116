import { type LimitFields, limitText, type RuleAction } from '@packetlog/common';

/** Returns ' to 20 SYN/min per source (/64) [observing]' for a limit, '' for other rules. */
export function limitPart(rule: LimitFields & { action: RuleAction; enforce?: boolean | undefined }): string {
  return rule.action === 'limit' ? ` to ${limitText(rule)}` : '';
}
