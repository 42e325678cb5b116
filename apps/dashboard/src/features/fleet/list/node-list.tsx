'use client';

import { Search } from 'lucide-react';
import { useMemo } from 'react';
import type { FleetView } from '../../../node/fleet/hub.ts';
import { formatCount } from '../../../text/number.ts';
import { FleetTable } from './fleet-table.tsx';
import { FIRST_CHOICE, type ListChoice, listNodes, rowsOf, type Shown } from './list-choice.ts';

const SHOWN_TEXT: Readonly<Record<Shown, string>> = {
  all: 'all nodes',
  silent: 'silent nodes',
  rules: 'nodes whose rules are not in force',
  alarms: 'nodes with an alarm in the last hour',
};

/** The nodes with search and grouping. */
export function NodeList({
  fleet: { nodes, nowMs, hello },
  choice,
  onChoice,
  onOpen,
  onDetails,
}: {
  fleet: FleetView;
  choice: ListChoice;
  onChoice: (choice: ListChoice) => void;
  onOpen: (node: string) => void;
  onDetails: (node: string) => void;
}) {
  const listed = useMemo(() => listNodes(nodes, choice, nowMs), [nodes, choice, nowMs]);
  const rows = useMemo(() => rowsOf(listed, choice, nowMs), [listed, choice, nowMs]);
  if (nodes.length === 0) return <FirstNode mayAdd={hello.role.kind === 'admin'} />;
  return (
    <>
      <div className="fleet-bar">
        <label className="fleet-search">
          <Search size={13} aria-hidden="true" />
          <span className="sr-only">Search the nodes</span>
          <input
            type="search"
            placeholder="Search name, group, version, alarm"
            value={choice.search}
            data-testid="fleet-search"
            onChange={(event) => onChoice({ ...choice, search: event.target.value })}
          />
        </label>
        <label className="fleet-check">
          <input
            type="checkbox"
            checked={choice.isGrouped}
            data-testid="fleet-grouped"
            onChange={(event) => onChoice({ ...choice, isGrouped: event.target.checked })}
          />
          by group
        </label>
        <p className="text-muted" role="status" data-testid="fleet-listed" data-value={listed.length}>
          {listed.length !== nodes.length && `${formatCount(listed.length)} of ${formatCount(nodes.length)}`}
          {choice.shown !== 'all' && `: ${SHOWN_TEXT[choice.shown]}`}
        </p>
        {choice.shown !== 'all' && (
          <button type="button" className="link-button" onClick={() => onChoice({ ...choice, shown: 'all' })}>
            Show all
          </button>
        )}
      </div>
      {listed.length === 0 ? (
        <div className="fleet-empty">
          <p>{choice.search === '' ? `There are no ${SHOWN_TEXT[choice.shown]}.` : 'No node matches this search.'}</p>
          <button type="button" className="button mt-4" onClick={() => onChoice({ ...choice, ...FIRST_CHOICE })}>
            Show all nodes
          </button>
        </div>
      ) : (
        <FleetTable
          rows={rows}
          nowMs={nowMs}
          choice={choice}
          onChoice={onChoice}
          onOpen={onOpen}
          onDetails={onDetails}
        />
      )}
    </>
  );
}

function FirstNode({ mayAdd }: { mayAdd: boolean }) {
  return (
    <div className="fleet-empty" data-testid="fleet-empty">
      <p className="text-figure">No node has joined yet.</p>
      <p className="mt-2 text-muted">
        {mayAdd
          ? 'Make a join token under “People and tokens…”, and start packetlog with it on each server: the node dials this hub, so no port is opened there.'
          : 'An administrator of the fleet can make a join token, with which servers join.'}
      </p>
    </div>
  );
}
