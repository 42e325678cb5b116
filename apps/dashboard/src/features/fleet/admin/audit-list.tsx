'use client';

import { momentText } from '../../../text/calendar-text.ts';
import { useAnswer } from '../hub/use-fleet.ts';

/** The newest entries of the fleet's audit trail: who changed what, when, from where. */
export function AuditList({ nowMs }: { nowMs: number }) {
  const { value, problem } = useAnswer('audit', { limit: 200 });
  const entries = value?.entries ?? [];
  return (
    <div className="sheet-body">
      {problem !== '' && <p className="field-problem">{problem}</p>}
      {value !== null && entries.length === 0 && <p className="text-muted">Nothing was changed yet.</p>}
      <table className="fleet-admin-table">
        <caption className="sr-only">Changes of the fleet, newest first</caption>
        <thead>
          <tr>
            <th scope="col">time</th>
            <th scope="col">person</th>
            <th scope="col">change</th>
            <th scope="col">of</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ at_ms, person, address, what, target, rejected }) => (
            <tr key={`${at_ms} ${person} ${what} ${target}`} data-testid="audit-entry">
              <td className="text-muted whitespace-nowrap">{momentText(at_ms, nowMs)}</td>
              <th scope="row">
                {person} <span className="text-faint font-mono">{address ?? 'on the hub'}</span>
              </th>
              <td>
                {what.replaceAll('_', ' ')}
                {rejected !== undefined && <span className="text-deny"> rejected: {rejected}</span>}
              </td>
              <td className="font-mono">{target}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
