'use client';

import type { FleetError } from '@packetlog/common/fleet';
import { useId, useState } from 'react';
import type { FleetView } from '../../../node/fleet/hub.ts';
import { spanText } from '../../../text/clock.ts';
import { counted } from '../../../text/number.ts';
import { Segments } from '../../../ui/segments.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { FleetProblem } from '../hub/fleet-problem.tsx';
import { useAnswer, useAskFleet, useDo } from '../hub/use-fleet.ts';
import { Secret } from './secret.tsx';

const TIMES = [
  { value: '3600', label: '1 h' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
] as const;

/** Tokens with which servers join the fleet. */
export function JoinTokens({ fleet: { groups, nowMs } }: { fleet: FleetView }) {
  const { value, problem, again } = useAnswer('join_tokens', {});
  const ask = useAskFleet();
  const act = useDo();
  const id = useId();
  const [group, setGroup] = useState('default');
  const [uses, setUses] = useState('1');
  const [seconds, setSeconds] = useState<(typeof TIMES)[number]['value']>('3600');
  const [error, setError] = useState<FleetError | null>(null);
  const [token, setToken] = useState('');
  const make = async () => {
    const answer = await ask('join_token', { for_s: Number(seconds), uses: Number(uses), group: group.trim() });
    if (!answer.ok) return setError(answer.error);
    setError(null);
    setToken(answer.value.token);
    again();
  };
  const tokens = value?.tokens ?? [];
  return (
    <div className="sheet-body">
      {problem !== '' && <p className="field-problem">{problem}</p>}
      {token !== '' && (
        <Secret label="Command to join" text={`packetlog run --hub ${location.origin} --hub-token ${token}`}>
          Run this on each server, with its other options. The token is not shown again; it is needed only for the first
          start.
        </Secret>
      )}
      {tokens.length === 0 ? (
        <p className="text-muted">No join token is valid now.</p>
      ) : (
        <table className="fleet-admin-table">
          <caption className="sr-only">Join tokens that are valid</caption>
          <thead>
            <tr>
              <th scope="col">token</th>
              <th scope="col">group</th>
              <th scope="col">uses left</th>
              <th scope="col">expires in</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {tokens.map((each) => (
              <tr key={each.id} data-testid="join-token">
                <th scope="row" className="font-mono">
                  {each.id}
                </th>
                <td>{each.group}</td>
                <td>{counted(each.uses_left, 'node')}</td>
                <td className="text-muted">{spanText(each.expires_at_ms - nowMs)}</td>
                <td>
                  <button
                    type="button"
                    className="button"
                    aria-label={`Revoke ${each.id}`}
                    title="No further node can join with it; those that joined stay"
                    onClick={() =>
                      void act('join_token_revoke', { id: each.id }, `Join token ${each.id} was revoked.`).then(again)
                    }
                  >
                    Revoke
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form
        className="fleet-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <TextField
          label="Group that the nodes join"
          name="join-group"
          value={group}
          onChange={setGroup}
          suggestions={groups.map(({ name }) => name)}
        />
        <Segments label="Valid for" segments={TIMES} value={seconds} onChange={setSeconds} />
        <div className="field">
          <label className="field-label" htmlFor={id}>
            Number of nodes that may join with it
          </label>
          <input
            id={id}
            type="number"
            min={1}
            max={100_000}
            className="input"
            value={uses}
            onChange={(event) => setUses(event.target.value)}
          />
        </div>
        <button type="submit" className="button button-primary self-start" data-testid="make-token">
          Make a join token
        </button>
        {error !== null && <FleetProblem error={error} />}
      </form>
    </div>
  );
}
