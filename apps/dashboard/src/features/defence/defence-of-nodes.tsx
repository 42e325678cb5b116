'use client';

import { useSyncExternalStore } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { activeBans } from '../../node/state/active-bans.ts';
import type { ListedRule } from '../../node/state/rules-state.ts';
import type { Snapshot, Store } from '../../node/state/store.ts';
import { type NodeAtAGlance, useNodesAtAGlance } from '../../node/use-nodes.ts';
import { formatCount } from '../../text/number.ts';
import { shownFindings } from '../findings/index.ts';
import { AlertNotices } from './alert-notices.tsx';
import { FindingsHistory } from './findings-history.tsx';
import { Section } from './frame/section.tsx';
import { limitsText } from './limits/limit-state.ts';
import { NotifyButton } from './notify/notify-button.tsx';
import './defence-of-nodes.css';

/** Limits, bans and findings of each node in numbers: what belongs to one node is on its own page. */
export function DefenceOfNodes() {
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  const list = useNodesAtAGlance();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <main id="content" className="defence-page" data-old={old} data-testid="defence-page" tabIndex={0}>
      <header className="defence-head">
        <h2 className="defence-page-title">Defence</h2>
        <p className="text-muted">Each node has its own limits and bans: select one to see or change them.</p>
        <div className="defence-tools">
          <NotifyButton />
        </div>
      </header>
      <Section title="Nodes">
        <table className="defence-nodes">
          <caption className="sr-only">Limits, bans and findings of each node</caption>
          <thead>
            <tr>
              <th scope="col">node</th>
              <th scope="col">limits</th>
              <th scope="col">packets over</th>
              <th scope="col">bans in force</th>
              <th scope="col">open findings</th>
            </tr>
          </thead>
          <tbody>
            {list.map((node) => (
              <NodeLine key={node.loader.address} node={node} />
            ))}
          </tbody>
          <tfoot>
            <SumLine list={list} />
          </tfoot>
        </table>
      </Section>
      <FindingsHistory />
      <AlertNotices />
    </main>
  );
}

function NodeLine({ node: { loader, name, state } }: { node: NodeAtAGlance }) {
  const { nodes } = useLive();
  const { store, address } = loader;
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, () => store.initial);
  return (
    <tr data-old={state !== 'live'} data-testid="defence-node">
      <th scope="row">
        <button
          type="button"
          className="link-button"
          title="Show limits and bans of this node"
          onClick={() => void nodes.show(address)}
        >
          {name}
        </button>
      </th>
      <Sums sums={defenceOf(store, snapshot)} />
    </tr>
  );
}

function SumLine({ list }: { list: readonly NodeAtAGlance[] }) {
  useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000));
  const all = list.map(({ loader: { store } }) => defenceOf(store, store.getSnapshot()));
  const sum = (of: (node: DefenceSums) => number) => all.reduce((total, node) => total + of(node), 0);
  return (
    <tr>
      <th scope="row">all nodes</th>
      <Sums
        sums={{
          limits: all.flatMap(({ limits }) => limits),
          over: sum(({ over }) => over),
          bans: sum(({ bans }) => bans),
          findings: sum(({ findings }) => findings),
        }}
      />
    </tr>
  );
}

interface DefenceSums {
  readonly limits: readonly ListedRule[];
  /** Packets over the limits. */
  readonly over: number;
  /** Bans in force. */
  readonly bans: number;
  /** Open findings. */
  readonly findings: number;
}

function defenceOf(store: Store, { rules, figures }: Snapshot): DefenceSums {
  const limits = rules?.snapshot.rules.filter(({ action }) => action === 'limit') ?? [];
  return {
    limits,
    over: limits.reduce((sum, { id }) => sum + store.rules.counted(id).overPackets, 0),
    bans: activeBans(figures.bans),
    findings: shownFindings(figures.findings).open.length,
  };
}

function Sums({ sums: { limits, over, bans, findings } }: { sums: DefenceSums }) {
  return (
    <>
      <td data-label="limits">{limitsText(limits) || 'none'}</td>
      <td data-label="packets over">{formatCount(over)}</td>
      <td data-label="bans in force">{formatCount(bans)}</td>
      <td data-label="open findings">{formatCount(findings)}</td>
    </>
  );
}
