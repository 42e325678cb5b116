/** Above this number, sorting everything costs less than inserting into a sorted list. */
const FEW = 1000;

/** Returns the positions of the `count` largest values, the largest first; of equal ones the first. */
export function largest(values: Float64Array, count: number): number[] {
  if (count > FEW) {
    const order = Array.from(values, (_, i) => i);
    return order
      .sort((one, other) => (values[other] as number) - (values[one] as number) || one - other)
      .slice(0, count);
  }
  const found: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (found.length === count && value <= least) continue;
    let at = found.length;
    while (at > 0 && (values[found[at - 1] as number] as number) < value) at--;
    found.splice(at, 0, i);
    if (found.length > count) found.pop();
    least = found.length === count ? (values[found.at(-1) as number] ?? least) : least;
  }
  return found;
}
