import type { RuleAction } from '@packetlog/common';

const COLOR: Record<RuleAction, string> = {
  permit: 'text-muted',
  deny: 'text-deny',
  limit: 'text-deny',
  observe: 'text-warn',
};

/** One bar per interval, newest at the right, scaled to the highest. Its numbers are beside it. */
export function Sparkline({
  values,
  action,
  width = 60,
  height = 16,
}: {
  values: readonly number[] | null;
  action: RuleAction;
  width?: number;
  height?: number;
}) {
  const highest = values === null ? 0 : Math.max(...values);
  const step = width / (values?.length ?? 1);
  const bars =
    values === null || highest === 0
      ? ''
      : values
          .map((value, i) => {
            if (value === 0) return '';
            const bar = Math.max(1, (value / highest) * height);
            return `M${round(i * step)} ${height}v${round(-bar)}h${round(step * 0.8)}v${round(bar)}z`;
          })
          .join('');
  return (
    <svg
      width={width}
      height={height + 1}
      viewBox={`0 0 ${width} ${height + 1}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      className={`shrink-0 ${COLOR[action]}`}
    >
      <path d={`M0 ${height + 0.5}h${width}`} stroke="var(--line-strong)" />
      <path d={bars} fill="currentColor" />
    </svg>
  );
}

const round = (value: number) => Math.round(value * 100) / 100;
