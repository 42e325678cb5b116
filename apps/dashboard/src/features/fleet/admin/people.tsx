'use client';

import type { FleetError, Role } from '@packetlog/common/fleet';
import { useState } from 'react';
import type { FleetView } from '../../../node/fleet/hub.ts';
import { momentText } from '../../../text/calendar-text.ts';
import { Segments } from '../../../ui/segments.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { FleetProblem } from '../hub/fleet-problem.tsx';
import { useAnswer, useAskFleet, useDo } from '../hub/use-fleet.ts';
import { roleText } from '../text/generation-text.ts';
import { Secret } from './secret.tsx';

const ROLES = [
  { value: 'look', label: 'look', title: 'Sees everything, changes nothing' },
  { value: 'rules', label: 'rules', title: 'Also changes the rules of some groups' },
  { value: 'admin', label: 'admin', title: 'Also administers nodes, tokens and people' },
] as const;

/** Who may see and change the fleet. */
export function People({ fleet: { groups, hello, nowMs } }: { fleet: FleetView }) {
  const { value, problem, again } = useAnswer('people', {});
  const ask = useAskFleet();
  const act = useDo();
  const [person, setPerson] = useState('');
  const [kind, setKind] = useState<Role['kind']>('look');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [error, setError] = useState<FleetError | null>(null);
  const [added, setAdded] = useState<{ person: string; token: string } | null>(null);
  const role: Role = kind === 'rules' ? { kind, groups: [...chosen] } : { kind };
  const isReady = person !== '' && (kind !== 'rules' || chosen.length > 0);
  const add = async () => {
    const answer = await ask('person_add', { person: person.trim(), role });
    if (!answer.ok) return setError(answer.error);
    setError(null);
    setAdded(answer.value);
    setPerson('');
    again();
  };
  return (
    <div className="sheet-body">
      {problem !== '' && <p className="field-problem">{problem}</p>}
      <table className="fleet-admin-table">
        <caption className="sr-only">People of the fleet</caption>
        <thead>
          <tr>
            <th scope="col">person</th>
            <th scope="col">role</th>
            <th scope="col">added</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {(value?.people ?? []).map((each) => (
            <tr key={each.person} data-testid="person" data-person={each.person}>
              <th scope="row">
                {each.person}
                {each.person === hello.person && <span className="text-faint"> you</span>}
              </th>
              <td>
                {each.role.kind} <span className="text-muted">{roleText(each.role)}</span>
              </td>
              <td className="text-muted">{momentText(each.added_at_ms, nowMs)}</td>
              <td>
                {each.person !== hello.person && (
                  <button
                    type="button"
                    className="button"
                    aria-label={`Remove ${each.person}`}
                    title="The token of this person is no longer accepted"
                    onClick={() =>
                      void act('person_remove', { person: each.person }, `${each.person} was removed.`).then(again)
                    }
                  >
                    Remove
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {added !== null && (
        <Secret label={`Address for ${added.person}`} text={`${location.origin}/#token=${added.token}`}>
          {`Give ${added.person} this address. It contains the token, which is not shown again.`}
        </Secret>
      )}
      <form
        className="fleet-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void add();
        }}
      >
        <TextField
          label="Add a person"
          name="person"
          value={person}
          onChange={setPerson}
          maxLength={63}
          hint="Small letters, digits, dots, dashes, underscores"
        />
        <Segments label="Role" segments={ROLES} value={kind} onChange={setKind} />
        {kind === 'rules' && (
          <fieldset className="field">
            <legend className="field-label">Groups whose rules the person changes</legend>
            {groups.map(({ name }) => (
              <label key={name} className="fleet-check">
                <input
                  type="checkbox"
                  checked={chosen.includes(name)}
                  onChange={({ target: { checked } }) =>
                    setChosen(checked ? [...chosen, name] : chosen.filter((each) => each !== name))
                  }
                />
                {name}
              </label>
            ))}
          </fieldset>
        )}
        <button type="submit" className="button button-primary self-start" disabled={!isReady} data-testid="add-person">
          Add
        </button>
        {error !== null && <FleetProblem error={error} />}
      </form>
    </div>
  );
}
