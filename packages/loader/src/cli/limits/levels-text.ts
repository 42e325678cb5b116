/** Levels of limits as text. Pure. */
import {
  type BucketLevel,
  formatDuration,
  type LimitLevels,
  type RulesSnapshot,
  ruleSentence,
} from '@packetlog/common';

type ListedRule = RulesSnapshot['rules'][number];

const HEAD = ['BUCKET', 'LEVEL', 'STATE'] as const;
const grouped = (value: number) => value.toLocaleString('en-US');

/** Returns a paragraph for each limit, with a table of its fullest buckets. */
export function levelsText(
  { limits, evicted_connections = 0 }: LimitLevels,
  rules: readonly ListedRule[],
  nowMs: number,
): string[] {
  if (limits.length === 0) {
    return ['No limits. To add one that observes: packetlog rules add limit any --rate 1000/s --reason "…".'];
  }
  const lines = limits.flatMap((limit, index) => {
    const rule = rules.find(({ id }) => id === limit.rule);
    return [...(index === 0 ? [] : ['']), ...headOf(limit, rule, nowMs), ...bucketsOf(limit, rule, nowMs)];
  });
  return evicted_connections === 0 ? lines : [...lines, '', notCountedText(evicted_connections)];
}

function notCountedText(connections: number): string {
  const what = connections === 1 ? '1 connection was' : `${grouped(connections)} connections were`;
  return `${what} not counted: given up before verification, because too many were pending.`;
}

function headOf(
  { rule: id, followed, over, evicted }: LimitLevels['limits'][number],
  rule: ListedRule | undefined,
  nowMs: number,
): string[] {
  const givenUp = evicted === 0 ? '' : `, ${grouped(evicted)} given up since the limit exists`;
  const buckets = `Buckets: ${grouped(followed)} followed, ${grouped(over)} over${givenUp}.`;
  // It was removed between the two answers.
  if (rule === undefined) return [`Rule ${id}`, `  ${buckets}`];
  const { packets, over_packets = 0 } = rule;
  const verb = rule.enforce === true ? 'denied' : 'would be denied';
  const sentence = ruleSentence(rule, nowMs);
  return [
    `Rule ${id}: ${sentence}`,
    `  Packets: ${grouped(packets)} seen, ${grouped(over_packets)} over (${verb}). ${buckets}`,
  ];
}

function bucketsOf(
  { top, followed }: LimitLevels['limits'][number],
  rule: ListedRule | undefined,
  nowMs: number,
): string[] {
  if (top.length === 0) return ['  No bucket has used half of its burst lately.'];
  const cells = top.map((bucket) => [
    bucket.bucket,
    `${Math.floor(bucket.level * 100)} %`,
    stateOf(bucket, rule?.enforce === true, nowMs),
  ]);
  const rows = [[...HEAD], ...cells];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const lines = rows.map((row) =>
    `  ${row.map((cell, i) => (i === 1 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ')}`.trimEnd(),
  );
  const more = followed - top.length;
  return more > 0 ? [...lines, `  and ${grouped(more)} more`] : lines;
}

function stateOf({ is_over, blocked_until_ms }: BucketLevel, isEnforced: boolean, nowMs: number): string {
  if (blocked_until_ms !== undefined) {
    const left = formatDuration(Math.max(0, blocked_until_ms - nowMs));
    return isEnforced ? `blocked for ${left}` : `would be blocked for ${left}`;
  }
  if (!is_over) return '';
  return isEnforced ? 'over' : 'over, permitted';
}
