/** Describes the rules that the kernel enforces, and where they differ from the listed ones. */
import type { InForce, RulesSnapshot } from '@packetlog/common';
import { summarizeImage } from '../../rules/evaluator/image-rules.ts';
import { printableName } from '../../system/interface-name.ts';
import type { EnforcedRules } from '../../xdp/enforced-rules.ts';

/** Maximum rules named in a line. */
const MAX_NAMED = 5;

type KernelRule = NonNullable<InForce['rules']>[number];

/** Returns the lines to print after a command if no loader runs but its program is still attached. */
export function enforcedText({ interfaces, owner, tables, path }: EnforcedRules): string[] {
  const where = interfaces.map(({ name }) => name).join(', ');
  if (owner !== undefined) {
    return [
      `A packetlog with another state directory (pid ${owner}) enforces its own rules on ${where}: ` +
        'name its directory with PACKETLOG_STATE_DIR.',
    ];
  }
  const image = tables?.image && summarizeImage(tables.image);
  const rules = tables === undefined ? 'the rules of another version' : countText(image?.rules.length ?? 0, 'rule');
  const policy = image?.defaultPolicy === 'deny' ? ' and default policy deny' : '';
  return [
    `packetlog is not running, but its program still enforces ${rules}${policy} on ${where} (pinned in ${path}).`,
    'Changes apply when packetlog starts. To stop enforcing now: packetlog unload.',
  ];
}

/** Returns lines for `rules list`; none if the kernel has exactly these rules on every watched interface. */
export function inForceText(snapshot: RulesSnapshot): string[] {
  const { in_force } = snapshot;
  const unfiltered = (in_force?.not_filtered ?? []).map(
    ({ name, why }) => `Not filtered: rules do not act on ${printableName(name)}: ${why}.`,
  );
  return [...differences(snapshot), ...unfiltered];
}

function differences({ in_force, rules, default_policy }: RulesSnapshot): string[] {
  if (in_force === undefined || in_force.is_current) return [];
  if (rules.length === 0 && default_policy === 'permit' && in_force.by !== 'kernel') return [];
  if (in_force.by === 'none') return ['Not in force: no program is attached.'];
  if (in_force.by === 'loader')
    return ['Not in force: the kernel does not have these rules. See the log of packetlog.'];
  const kernel = in_force.rules;
  if (kernel === undefined)
    return ['The kernel enforces rules of another version of packetlog, which this version cannot read.'];
  const lines = ['The kernel enforces other rules than these, until packetlog starts:'];
  const listed = new Set(rules.map(({ id }) => id));
  const enforced = new Set(kernel.map(({ id }) => id));
  const only = kernel.filter(({ id }) => !listed.has(id));
  const waiting = rules.filter(({ id }) => !enforced.has(id));
  if (in_force.default_policy !== default_policy) lines.push(`- its default policy is ${in_force.default_policy}`);
  if (only.length > 0) lines.push(`- still in force, not in the rules file: ${named(only.map(kernelRuleText))}`);
  if (waiting.length > 0) lines.push(`- not in force yet: ${named(waiting.map(({ id }) => `rule ${id}`))}`);
  if (lines.length === 1) lines.push('- the rules or sets below have changed since');
  return lines;
}

function kernelRuleText({ id, action, source, packets }: KernelRule): string {
  const what = source === undefined ? action : `${action} ${printableName(source)}`;
  return `rule ${id} (${what}, ${countText(packets, 'packet')})`;
}

function named(all: readonly string[]): string {
  const more = all.length > MAX_NAMED ? ` and ${all.length - MAX_NAMED} more` : '';
  return `${all.slice(0, MAX_NAMED).join(', ')}${more}`;
}

function countText(count: number, thing: string): string {
  return `${count.toLocaleString('en-US')} ${thing}${count === 1 ? '' : 's'}`;
}
