/** A number and its unit, which is set small and grey. */
export interface Quantity {
  readonly value: string;
  /** '' where there is none. */
  readonly unit: string;
}

export const ABSENT = '—';

/** 1234567 -> '1,234,567'. Without Intl, whose first use takes about 20 ms of the start. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

const STEPS = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/**
 * Three significant digits in steps of 1000: 48213 -> '48.2' 'k'. Below 1000 the whole number; below 10 one decimal, so
 * that 0.4 packets/s does not read as 0.
 */
export function formatCompact(amount: number): Quantity {
  if (amount < 999.5) {
    const text = amount < 9.95 && amount % 1 !== 0 ? amount.toFixed(1) : String(Math.round(amount));
    return { value: text === '0.0' && amount > 0 ? '0.1' : text, unit: '' };
  }
  let step = 0;
  let rest = amount;
  while (rest >= 999.5 && step < STEPS.length - 1) {
    rest /= 1000;
    step++;
  }
  return {
    value: rest >= 99.95 ? String(Math.round(rest)) : rest >= 9.995 ? rest.toFixed(1) : rest.toFixed(2),
    unit: STEPS[step] ?? '',
  };
}

/** For an axis, whose numbers are round: 60000 -> '60' 'k', 1500 -> '1.5' 'k'. */
export function formatRound(amount: number): Quantity {
  const { value, unit } = formatCompact(amount);
  return { value: value.includes('.') ? value.replace(/\.?0+$/, '') : value, unit };
}

/** 31000000 -> '31.0' 'MB'. Decimal units, as on every network interface. */
export function formatBytes(bytes: number): Quantity {
  const { value, unit } = formatCompact(bytes);
  return { value, unit: `${unit}B` };
}

/** One string, with a no-break space before the unit. */
export function quantityText({ value, unit }: Quantity): string {
  return unit === '' ? value : `${value}\u00a0${unit}`;
}

/** '1 packet', '2 packets', '34,812 packets'. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
