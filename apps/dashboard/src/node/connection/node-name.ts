export interface NamedNode {
  /** Its given name, '' without one. */
  readonly name: string;
  /** The loader's own name; undefined until it has answered. */
  readonly node: string | undefined;
  /** Origin of its loader. */
  readonly address: string;
}

/** Returns unique names without spaces: the given name, the loader's own, or the host. */
export function nodeNames(nodes: readonly NamedNode[]): string[] {
  const wanted = nodes.map(({ name, node, address }) => (name || node || hostOf(address)).replaceAll(/\s+/g, '-'));
  return wanted.map((name, i) => {
    const first = nodes[i];
    const unique = wanted.filter((other) => other === name).length === 1;
    return unique || first === undefined ? name : `${name}@${hostOf(first.address)}`;
  });
}

/** Returns the host: 'web-2:7411' of 'http://web-2:7411'. */
export function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}
