'use client';

import { useEffect } from 'react';
import { useLive } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { toasts } from '../../ui/toast-store.ts';

/** Keeps the shown node in the address if there are several, and says if this browser does not know that of a link. */
export function useLinkedNode(): void {
  const { address, nodes } = useLive();
  const { loaders, shown, hub } = useNodes();
  useEffect(() => {
    address.restore();
    const { node } = address.read();
    const [isOne, isAll] = [loaders.length < 2 && hub === null, node === ALL_NODES];
    const isKnown = isAll ? !isOne : loaders.some((loader) => loader.address === node);
    if (node !== null && !isKnown) {
      const text = isAll
        ? 'This link is to all nodes, but this browser knows only one. Add the others on the Nodes page.'
        : `This link is to the node ${node}, which this browser does not know. Add it on the Nodes page.`;
      toasts.show({ text, tone: 'problem' });
    }
    if (node === nodes.wanted || (node === null && isOne)) return;
    // A choice of another node is a new entry of the browser's history; a link that did not name it is completed.
    if (isKnown) address.write({ node: nodes.wanted });
    else address.complete({ node: nodes.wanted });
  }, [address, nodes, loaders, shown, hub]);
}
