'use client';

import { NodeSwitch } from '../nodes/node-switch.tsx';

/** In place of the rules while all nodes are shown together. */
export function EachItsOwn() {
  return (
    <main id="content" className="no-picture appear">
      <h2 className="text-figure font-medium tracking-[-0.01em]">Each node has rules of its own.</h2>
      <p className="mt-2 mb-6 text-muted">Choose the one whose rules you want to see or to change.</p>
      <NodeSwitch />
    </main>
  );
}
