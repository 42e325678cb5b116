/** A number and its unit, which is shown small and grey. */
export interface Quantity {
  readonly value: string;
  /** '' if there is none. */
  readonly unit: string;
}

export const ABSENT = '—';

/**
 * Formats a count: 1234567 -> '1,234,567'. Does without Intl, whose first use delays the first paint by about 20 ms.
 */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

const STEPS = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/**
 * Formats an amount with three significant digits in steps of 1000: 48213 -> '48.2' 'k'. Below 1000 it is a whole
 * number; below 10 it has one decimal, so that 0.4 packets/s does not read as 0, and below 0.05 it is '<0.1'.
 */
export function formatCompact(amount: number): Quantity {
  if (amount < 999.5) {
    const text = amount < 9.95 && amount % 1 !== 0 ? amount.toFixed(1) : String(Math.round(amount));
    return { value: text === '0.0' && amount > 0 ? '<0.1' : text, unit: '' };
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

/** Formats a round number at an axis: 60000 -> '60' 'k', 1500 -> '1.5' 'k'. */
export function formatRound(amount: number): Quantity {
  const { value, unit } = formatCompact(amount);
  return { value: value.includes('.') ? value.replace(/\.?0+$/, '') : value, unit };
}

/** Formats bytes: 31000000 -> '31.0' 'MB'. Units are decimal, as usual for network traffic. */
export function formatBytes(bytes: number): Quantity {
  const { value, unit } = formatCompact(bytes);
  return { value, unit: `${unit}B` };
}

/** Joins value and unit with a no-break space. */
export function quantityText({ value, unit }: Quantity): string {
  return unit === '' ? value : `${value}\u00a0${unit}`;
}

/** Formats a count with its noun: '1 packet', '2 packets', '34,812 packets'. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
