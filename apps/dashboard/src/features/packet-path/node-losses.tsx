'use client';

import { clsx } from 'clsx';
import { useSyncExternalStore } from 'react';
import type { Loader } from '../../node/connection/loader.ts';
import type { Loss } from '../../node/state/loss.ts';
import { useNodesAtAGlance } from '../../node/use-nodes.ts';
import { Count } from '../../ui/count.tsx';

const PLACES = [
  { key: 'ring', label: 'ring full', title: 'Rows lost because the ring in the kernel was full' },
  { key: 'queue', label: 'loader too slow', title: 'Rows lost because the loader was too slow' },
  { key: 'page', label: 'client too slow', title: 'Rows lost because this page or its connection was too slow' },
] as const satisfies readonly { key: keyof Loss; label: string; title: string }[];

/** Packets seen and rows lost, for each node. */
export function NodeLosses() {
  const nodes = useNodesAtAGlance();
  return (
    <section className="totals" aria-label="Ledger of each node">
      <table className="ledger">
        <caption className="sr-only">What each node has seen, and where its rows were lost</caption>
        <thead>
          <tr>
            <th scope="col" className="ledger-title">
              Nodes
            </th>
            <th scope="col">seen</th>
            {PLACES.map(({ key, label, title }) => (
              <th key={key} scope="col" title={title}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ loader, name, state }) => (
            <NodeLine key={loader.address} loader={loader} name={name} gone={state !== 'live'} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function NodeLine({ loader, name, gone }: { loader: Loader; name: string; gone: boolean }) {
  const { subscribe, getSnapshot } = loader.store;
  const { figures } = useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
  return (
    <tr data-old={gone}>
      <th scope="row">
        {name}
        {gone && <span className="ml-1.5 text-faint">last known</span>}
      </th>
      <td>
        <Count value={figures.seen} />
      </td>
      {PLACES.map(({ key }) => (
        <td key={key}>
          <span className={clsx(figures.loss[key] > 0 ? 'hatched text-lost' : 'text-faint')}>
            <Count value={figures.loss[key]} />
          </span>
        </td>
      ))}
    </tr>
  );
}
