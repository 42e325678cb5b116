'use client';

import type { RuleSet } from '@packetlog/common';
import { useSnapshot } from '../../node/live-context.tsx';
import type { ListedRule } from '../../node/state/rules-state.ts';
import { RULE_VERDICT } from '../../text/action-text.ts';
import { spanText } from '../../text/clock.ts';
import { ABSENT, formatCount } from '../../text/number.ts';
import { VerdictMark } from '../../ui/marks.tsx';
import './sets.css';

/** Sets of networks, with the rules that use each. */
export function Sets({
  sets,
  rules,
  onOpen,
}: {
  sets: readonly RuleSet[];
  rules: readonly ListedRule[];
  onOpen: (id: number) => void;
}) {
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  if (sets.length === 0) {
    return (
      <p className="rules-empty">
        No sets yet. Import a list of networks, such as a blocklist: it becomes a named set with one rule.
      </p>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scroll containers must be reachable by keyboard
    <div className="sets-scroll" tabIndex={0}>
      <table className="sets">
        <caption className="sr-only">Sets of networks</caption>
        <thead>
          <tr>
            <th scope="col">set</th>
            <th scope="col" className="number">
              entries
            </th>
            <th scope="col">rules</th>
            <th scope="col" className="number">
              loaded
            </th>
            <th scope="col">file</th>
          </tr>
        </thead>
        <tbody>
          {sets.map(({ name, entries, file, loaded_at_ms }) => (
            <tr key={name}>
              <th scope="row" className="font-mono">
                {name}
              </th>
              <td className="number font-mono">{formatCount(entries)}</td>
              <td>
                <span className="flex gap-3">
                  {rules
                    .filter(({ source }) => source === `set:${name}`)
                    .map(({ id, action }) => (
                      <button key={id} type="button" className="set-rule" onClick={() => onOpen(id)}>
                        <VerdictMark verdict={RULE_VERDICT[action]} />
                        {action} <span className="font-mono text-faint">{id}</span>
                      </button>
                    ))}
                </span>
              </td>
              <td className="number text-muted">{spanText(Math.max(0, now - loaded_at_ms))} ago</td>
              <td className="set-file font-mono text-muted">{file ?? ABSENT}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
