'use client';

import type { FleetNode } from '@packetlog/common/fleet';
import { useState } from 'react';
import { asSentence } from '../../../text/sentence.ts';
import { useDo, useOpenNode } from '../hub/use-fleet.ts';
import { generationText, rulesStateOf } from '../text/generation-text.ts';
import { TONE } from '../text/tone.ts';

const FIRST = 8;

/** Nodes of a group that do not enforce its rules as wanted, with the reason. Drift can be repaired. */
export function WrongNodes({
  nodes,
  nowMs,
  mayRepair,
}: {
  nodes: readonly FleetNode[];
  nowMs: number;
  mayRepair: boolean;
}) {
  const open = useOpenNode();
  const act = useDo();
  const [isAll, setAll] = useState(false);
  const shown = isAll ? nodes : nodes.slice(0, FIRST);
  return (
    <table className="wrong-nodes">
      <caption className="sr-only">Nodes whose rules are not in force as wanted</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">node</th>
          <th scope="col">state</th>
          <th scope="col">reason</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {shown.map((node) => {
          const { text, tone } = generationText(node, nowMs);
          const { answer, drift = [] } = node.report?.rules ?? {};
          const isDrift = rulesStateOf(node) === 'drift';
          const why = isDrift ? drift.join('; ') : asSentence(answer?.message ?? '');
          return (
            <tr key={node.name} data-testid="wrong-node" data-node={node.name}>
              <th scope="row">
                <button type="button" className="link-button" onClick={() => open(node.name)}>
                  {node.name}
                </button>
              </th>
              <td className={TONE[tone]}>{text}</td>
              <td className="text-muted">{why}</td>
              <td>
                {isDrift && mayRepair && (
                  <button
                    type="button"
                    className="button"
                    aria-label={`Repair ${node.name}`}
                    title="Puts the group’s rules in force there again, and removes what differs"
                    onClick={() => void act('repair', { node: node.name }, `${node.name} was repaired.`)}
                  >
                    Repair
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
      {nodes.length > shown.length && (
        <tfoot>
          <tr>
            <td colSpan={4}>
              <button type="button" className="link-button" onClick={() => setAll(true)}>
                Show all {nodes.length}
              </button>
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}
