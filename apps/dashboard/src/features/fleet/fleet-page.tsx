'use client';

import dynamic from 'next/dynamic';
import { useMemo, useState } from 'react';
import type { FleetView } from '../../node/fleet/hub.ts';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useSnapshot } from '../../node/live-context.tsx';
import { useMedia } from '../../ui/measure/use-media.ts';
import { Tabs } from '../../ui/tabs.tsx';
import { FleetHead } from './head/fleet-head.tsx';
import { Tops } from './head/tops.tsx';
import { useFleet, useOpenNode } from './hub/use-fleet.ts';
import { FIRST_CHOICE, type ListChoice } from './list/list-choice.ts';
import { NodeList } from './list/node-list.tsx';
import { GroupRules } from './rules/group-rules.tsx';
import { notInForce, sumsOf } from './text/fleet-sums.ts';
import './fleet-page.css';

const AdminSheet = dynamic(async () => (await lazyWithRetry(() => import('./admin/admin-sheet.tsx'))).AdminSheet);
const NodeSheet = dynamic(
  async () => (await lazyWithRetry(() => import('./admin/fleet-node-sheet.tsx'))).FleetNodeSheet,
);

/** At this width and above, the lists of all nodes are in the head; below they have a tab. */
const ROOMY = '(min-width: 860px)';

/** All nodes of a hub. */
export function FleetPage() {
  const fleet = useFleet();
  return fleet === null ? <main id="content" /> : <Fleet fleet={fleet} />;
}

function Fleet({ fleet }: { fleet: FleetView }) {
  const open = useOpenNode();
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  const roomy = useMedia(ROOMY);
  const [choice, setChoice] = useState<ListChoice>(FIRST_CHOICE);
  const [isAdministering, setAdministering] = useState(false);
  /** The node whose details are shown. */
  const [details, setDetails] = useState<string | null>(null);
  const { nodes, nowMs, hello } = fleet;
  const sums = useMemo(() => sumsOf(nodes, nowMs), [nodes, nowMs]);
  const behind = notInForce(sums);
  return (
    <main id="content" className="fleet-page" data-old={old} data-testid="fleet-page" data-nodes={nodes.length}>
      <FleetHead
        sums={sums}
        shown={choice.shown}
        onShown={(shown) => setChoice({ ...choice, shown: shown === choice.shown ? 'all' : shown })}
        {...(hello.role.kind === 'admin' && { onAdminister: () => setAdministering(true) })}
      />
      {roomy && nodes.length > 0 && <Tops fleet={fleet} />}
      <Tabs
        label="What to show of the fleet"
        tabs={[
          {
            id: 'fleet-nodes',
            label: 'Nodes',
            content: (
              <NodeList fleet={fleet} choice={choice} onChoice={setChoice} onOpen={open} onDetails={setDetails} />
            ),
          },
          {
            id: 'fleet-rules',
            label: 'Rules',
            ...(behind > 0 && { note: String(behind) }),
            content: <GroupRules fleet={fleet} />,
          },
          ...(roomy ? [] : [{ id: 'fleet-tops', label: 'Top', content: <Tops fleet={fleet} /> }]),
        ]}
      />
      {isAdministering && <AdminSheet fleet={fleet} onClose={() => setAdministering(false)} />}
      {details !== null && <NodeSheet name={details} fleet={fleet} onClose={() => setDetails(null)} />}
    </main>
  );
}
