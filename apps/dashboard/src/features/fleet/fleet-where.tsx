'use client';

import { useFleet, useHub } from './hub/use-fleet.ts';

/** Names the hub and the person, in the status strip. */
export function FleetWhere() {
  const fleet = useFleet();
  const hub = useHub();
  if (fleet === null) return null;
  const { hello } = fleet;
  return (
    <span
      className="fleet-where text-muted"
      title={`Hub ${hello.hub} at ${hub?.address ?? ''}, version ${hello.version}`}
    >
      <span className="truncate">{hello.hub}</span>
      <span className="text-faint truncate" title={`You are ${hello.person}, with the role ${hello.role.kind}`}>
        {hello.person}
      </span>
    </span>
  );
}
