'use client';

import type { FleetNode, Group } from '@packetlog/common/fleet';
import dynamic from 'next/dynamic';
import { useEffect, useMemo, useState } from 'react';
import type { FleetView } from '../../../node/fleet/hub.ts';
import { lazyWithRetry } from '../../../node/lazy-with-retry.ts';
import { momentText } from '../../../text/calendar-text.ts';
import { counted } from '../../../text/number.ts';
import { useDo, useHub } from '../hub/use-fleet.ts';
import { mayChangeRules, rulesStateOf } from '../text/generation-text.ts';
import { RolloutLine } from './rollout-line.tsx';
import { WrongNodes } from './wrong-nodes.tsx';
import './group-rules.css';

const ApplySheet = dynamic(async () => (await lazyWithRetry(() => import('./apply-sheet.tsx'))).ApplySheet);

/** How often the state of rollouts is asked for. */
const ROLLOUT_MS = 2_000;

/** The rules of each group: which are wanted, how far they are, and what nodes did with them. */
export function GroupRules({ fleet }: { fleet: FleetView }) {
  /** The group whose rules are changed. */
  const [changed, setChanged] = useState<string | null>(null);
  const { nodes, hello } = fleet;
  const hub = useHub();
  useEffect(() => {
    const timer = setInterval(() => void hub?.askGroups(), ROLLOUT_MS);
    return () => clearInterval(timer);
  }, [hub]);
  const groups = useMemo(() => allGroups(fleet.groups, nodes), [fleet.groups, nodes]);
  const byGroup = useMemo(() => wrongByGroup(nodes), [nodes]);
  const group = groups.find(({ name }) => name === changed);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <section className="group-rules" aria-label="Rules of the groups" tabIndex={0} data-testid="group-rules">
      <p className="group-rules-intro text-muted">
        The rules of a group are in force on each of its nodes, beside the node’s own rules, and stay in force without
        the hub. New rules go to one node first, then to 5 %, then to all; the first node that rejects them stops that.
        {hello.role.kind === 'look' &&
          ` You are ${hello.person}, with a role that cannot change rules: an administrator of the fleet can give you another one.`}
      </p>
      {groups.map((each) => (
        <GroupSection
          key={each.name}
          group={each}
          wrong={byGroup.get(each.name) ?? []}
          fleet={fleet}
          onChange={() => setChanged(each.name)}
        />
      ))}
      {groups.length === 0 && (
        <p className="fleet-empty">There are no groups yet: the first node that joins makes one.</p>
      )}
      {group !== undefined && <ApplySheet group={group} onClose={() => setChanged(null)} />}
    </section>
  );
}

function GroupSection({
  group,
  wrong,
  fleet: { hello, nowMs },
  onChange,
}: {
  group: Group;
  wrong: readonly FleetNode[];
  fleet: FleetView;
  onChange: () => void;
}) {
  const act = useDo();
  const { name, nodes, generation, rollout } = group;
  const mayChange = mayChangeRules(hello.role, name);
  return (
    <section className="group-section" aria-label={`Group ${name}`} data-testid="group" data-group={name}>
      <header className="group-section-head">
        <h3>
          <span className="font-medium">{name}</span> <span className="text-muted">{counted(nodes, 'node')}</span>
        </h3>
        <p>
          {generation === undefined ? (
            <span className="text-muted">No rules of the group: its nodes enforce only their own.</span>
          ) : (
            <>
              Generation {generation.number}: {counted(generation.rules, 'rule')}, {counted(generation.lists, 'list')}{' '}
              <span className="text-muted">
                by {generation.by}, {momentText(generation.at_ms, nowMs)}
                {generation.note !== '' && `: “${generation.note}”`}
              </span>
            </>
          )}
        </p>
        {mayChange && (
          <div className="group-tools">
            {rollout?.state === 'running' && (
              <button
                type="button"
                className="button"
                onClick={() =>
                  void act(
                    'rollout',
                    { group: name, action: 'stop' },
                    `Rollout ${rollout.number} of ${name} was stopped.`,
                  )
                }
              >
                Stop the rollout
              </button>
            )}
            {rollout?.state === 'stopped' && (
              <button
                type="button"
                className="button"
                title="Goes on with the nodes that it has not reached"
                onClick={() =>
                  void act(
                    'rollout',
                    { group: name, action: 'resume' },
                    `Rollout ${rollout.number} of ${name} goes on.`,
                  )
                }
              >
                Resume the rollout
              </button>
            )}
            <button
              type="button"
              className="button button-accent"
              aria-haspopup="dialog"
              data-testid="change-rules"
              onClick={onChange}
            >
              {generation === undefined ? 'Add rules…' : 'Change the rules…'}
            </button>
          </div>
        )}
      </header>
      {rollout !== undefined && <RolloutLine rollout={rollout} nodes={nodes} />}
      {wrong.length > 0 && <WrongNodes nodes={wrong} nowMs={nowMs} mayRepair={mayChange} />}
    </section>
  );
}

/** Returns the groups, with those that only nodes name yet, by name. */
function allGroups(groups: readonly Group[], nodes: readonly FleetNode[]): readonly Group[] {
  const known = new Map(groups.map((group) => [group.name, group]));
  const unknown = new Map<string, number>();
  for (const { group } of nodes) if (!known.has(group)) unknown.set(group, (unknown.get(group) ?? 0) + 1);
  return [...groups, ...[...unknown].map(([name, count]) => ({ name, nodes: count }))].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

/** Returns the nodes that rejected or could not apply their rules, wait, or drifted, by group. */
function wrongByGroup(nodes: readonly FleetNode[]): ReadonlyMap<string, readonly FleetNode[]> {
  const byGroup = new Map<string, FleetNode[]>();
  for (const node of nodes) {
    if (['own', 'in_force', 'sent'].includes(rulesStateOf(node))) continue;
    const listed = byGroup.get(node.group);
    if (listed === undefined) byGroup.set(node.group, [node]);
    else listed.push(node);
  }
  return byGroup;
}
