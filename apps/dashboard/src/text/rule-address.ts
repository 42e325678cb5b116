/** Returns the address of a rule on the Rules page. */
export function ruleAddress(id: number): string {
  return `/rules?rule=${id}`;
}
