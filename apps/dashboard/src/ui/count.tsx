import { formatCount, type Quantity } from '../text/number.ts';

/** A whole number with separators; `data-value` has the exact value. */
export function Count({ value, testId }: { value: number; testId?: string }) {
  return (
    <data className="font-mono" value={value} data-value={value} data-testid={testId}>
      {formatCount(value)}
    </data>
  );
}

/** A shortened number with its unit; `data-value` has the whole number, rounded. */
export function Measure({
  quantity,
  exact,
  per,
  testId,
}: {
  quantity: Quantity;
  exact: number;
  /** What follows the unit: 'pkt/s', '/s'. */
  per: string;
  testId?: string;
}) {
  const value = Math.round(exact);
  return (
    <data className="font-mono whitespace-nowrap" value={value} data-value={value} data-testid={testId}>
      {quantity.value}
      <span className="unit">
        {quantity.unit}
        {quantity.unit !== '' && !per.startsWith('/') ? ' ' : ''}
        {per}
      </span>
    </data>
  );
}
