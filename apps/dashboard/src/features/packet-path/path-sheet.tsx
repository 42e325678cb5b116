'use client';

import { useSnapshot } from '../../node/live-context.tsx';
import { TOGETHER } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { Sheet } from '../../ui/sheet.tsx';
import { WayPicture } from './path-diagram.tsx';

/** The way of a packet, over whatever page is open. */
export function WaySheet({ onClose }: { onClose: () => void }) {
  const together = useNodes().shown === TOGETHER;
  const node = useSnapshot(({ figures }) => figures.hello?.node);
  return (
    <Sheet
      wide
      title="Packet path"
      note={
        node === undefined
          ? 'No data yet.'
          : `From ${together ? 'the hooks of all nodes' : `the hook on ${node}`} to this page: how many reached each step, and what did not continue.`
      }
      onClose={onClose}
    >
      <WayPicture />
    </Sheet>
  );
}
