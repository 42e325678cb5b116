'use client';

import dynamic from 'next/dynamic';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { loadReadOnlyNote, useMayChange, useRulesView } from '../rules/index.ts';
import { AlertNotices } from './alert-notices.tsx';
import { BansAndDecisions } from './bans/bans-and-decisions.tsx';
import { DefenceOfNodes } from './defence-of-nodes.tsx';
import { FindingsHistory } from './findings-history.tsx';
import { Limits } from './limits/limits.tsx';
import { NotifyButton } from './notify/notify-button.tsx';
import './defence-page.css';

const ReadOnlyNote = dynamic(() => lazyWithRetry(loadReadOnlyNote).then(({ ReadOnlyNote: Note }) => Note), {
  ssr: false,
});

/** The Defence page of a node: limits, bans, decisions, findings, alerts. Of all nodes: their sums. */
export function DefencePage() {
  const { shown } = useNodes();
  return shown === ALL_NODES ? <DefenceOfNodes /> : <DefenceOfNode />;
}

function DefenceOfNode() {
  const view = useRulesView();
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  const mayChange = useMayChange();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <main id="content" className="defence-page" data-old={old} data-testid="defence-page" tabIndex={0}>
      <header className="defence-head">
        <h2 className="defence-page-title">Defence</h2>
        <p className="text-muted">What is limited, banned and found on this node, and why.</p>
        <div className="defence-tools">
          <NotifyButton />
        </div>
        {!mayChange && <ReadOnlyNote />}
      </header>
      {view === null ? (
        <p className="defence-empty">
          {old ? 'Waiting for the rules.' : 'This loader enforces no rules: it only observes.'}
        </p>
      ) : (
        <Limits view={view} />
      )}
      <BansAndDecisions />
      <FindingsHistory />
      <AlertNotices />
    </main>
  );
}
