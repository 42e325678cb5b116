'use client';

import { useMemo } from 'react';
import type { FleetView } from '../../../node/fleet/hub.ts';
import { counted, formatCompact } from '../../../text/number.ts';
import { Measure } from '../../../ui/count.tsx';
import { useOpenNode } from '../hub/use-fleet.ts';
import { type FleetTop, topsOf } from '../text/fleet-tops.ts';

const ENTRIES = 5;

/** The largest of all nodes together. */
export function Tops({ fleet: { nodes, nowMs } }: { fleet: FleetView }) {
  const open = useOpenNode();
  const { sources, ports, denying } = useMemo(() => topsOf(nodes, nowMs, ENTRIES), [nodes, nowMs]);
  return (
    <section className="fleet-tops" aria-label="Top lists of all nodes">
      <Top title="Top sources" note="at least" entries={sources} empty="No source is reported." isShared />
      <Top title="Top ports" note="at least" entries={ports} empty="No port is reported." isShared />
      <Top title="Nodes that deny most" note="" entries={denying} empty="No node denies packets now." onOpen={open} />
    </section>
  );
}

function Top({
  title,
  note,
  entries,
  empty,
  isShared = false,
  onOpen,
}: {
  title: string;
  note: string;
  entries: readonly FleetTop[];
  empty: string;
  /** Whether several nodes may report the same. */
  isShared?: boolean;
  /** Opens an entry that is a node. */
  onOpen?: (name: string) => void;
}) {
  return (
    <section className="fleet-top" aria-label={title}>
      <h3>
        {title}
        {note !== '' && (
          <span title="Each node reports its own 10 largest, so what is small on a node may be missing here.">
            {note}
          </span>
        )}
      </h3>
      {entries.length === 0 ? (
        <p className="text-small text-muted">{empty}</p>
      ) : (
        <ol>
          {entries.map(({ name, rate, nodes }) => (
            <li key={name}>
              {onOpen === undefined ? (
                <span className="font-mono" title={name}>
                  {name}
                </span>
              ) : (
                <button type="button" className="link-button text-left" onClick={() => onOpen(name)}>
                  {name}
                </button>
              )}
              <span className="text-faint">{isShared ? `on ${counted(nodes, 'node')}` : ''}</span>
              <Measure quantity={formatCompact(rate)} exact={rate} per="/s" />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
