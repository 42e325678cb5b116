import type { Rule } from '@packetlog/common';

/**
 * Caches a value per rule. Rules are immutable; without the cache, each change would compute the values of all rules,
 * which may be ten thousand.
 */
export function perRule<Value>(compute: (rule: Rule) => Value): (rule: Rule) => Value {
  const cache = new WeakMap<Rule, { readonly value: Value }>();
  return (rule) => {
    const cached = cache.get(rule);
    if (cached !== undefined) return cached.value;
    const value = compute(rule);
    cache.set(rule, { value });
    return value;
  };
}
