import type { Rule } from '@packetlog/common';

/**
 * Computes a value once per rule: rules never change, and with ten thousand of them every change would compute it
 * again.
 */
export function perRule<Value>(compute: (rule: Rule) => Value): (rule: Rule) => Value {
  const known = new WeakMap<Rule, { readonly value: Value }>();
  return (rule) => {
    const before = known.get(rule);
    if (before !== undefined) return before.value;
    const value = compute(rule);
    known.set(rule, { value });
    return value;
  };
}
