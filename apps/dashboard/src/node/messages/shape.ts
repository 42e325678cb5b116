/** Checks that a message has its type. Types come from @packetlog/common; its schemas would add 20 kB to the page. */
export type Check<T> = (value: unknown) => value is T;

type Shape<T> = { readonly [Key in keyof T]-?: Check<T[Key]> };

export const isText: Check<string> = (value) => typeof value === 'string';
export const isNumber: Check<number> = (value): value is number => Number.isFinite(value);
export const isCount: Check<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const isFlag: Check<boolean> = (value) => typeof value === 'boolean';

export function isOneOf<T extends string | number>(...values: readonly T[]): Check<T> {
  return (value): value is T => values.includes(value as T);
}

export function mayBe<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

export function isList<T>(check: Check<T>): Check<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(check);
}

/** Checks every value of a record. */
export function isRecord<T>(check: Check<T>): Check<Record<string, T>> {
  return (value): value is Record<string, T> => isObject(value) && Object.values(value).every(check);
}

/** Checks every key of the type; extra keys are ignored. */
export function isShape<T>(shape: Shape<T>): Check<T> {
  const checks = Object.entries(shape) as [string, Check<unknown>][];
  return (value): value is T => isObject(value) && checks.every(([key, check]) => check(value[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
