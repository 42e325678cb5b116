'use client';

import { useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { Sheet } from '../../ui/sheet.tsx';
import { PathDiagram } from './path-diagram.tsx';

/** The packet path in a sheet, on any page. */
export function PathSheet({ onClose }: { onClose: () => void }) {
  const allNodes = useNodes().shown === ALL_NODES;
  const node = useSnapshot(({ figures }) => figures.hello?.node);
  return (
    <Sheet
      wide
      title="Packet path"
      note={
        node === undefined
          ? 'No data yet.'
          : `From ${allNodes ? 'the hooks of all nodes' : `the hook on ${node}`} to this page: packets in and out of each step, and where packets were lost.`
      }
      onClose={onClose}
    >
      <PathDiagram />
    </Sheet>
  );
}
