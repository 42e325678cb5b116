export interface FleetMember {
  readonly name: string;
  readonly group: string;
}

/** The nodes that have joined, whether or not they have a connection. */
export interface FleetMembers {
  all(): Iterable<FleetMember>;
}

/** Returns the names of the nodes of each group that has nodes. */
export function namesByGroup(members: FleetMembers): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, group } of members.all()) {
    const names = groups.get(group);
    if (names === undefined) groups.set(group, [name]);
    else names.push(name);
  }
  return groups;
}
