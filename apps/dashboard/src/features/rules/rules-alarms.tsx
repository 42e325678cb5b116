import type { RulesSnapshot } from '@packetlog/common';
import { TriangleAlert } from 'lucide-react';
import { clockText } from '../../text/clock.ts';
import { asSentence } from '../../text/sentence.ts';

type Unfiltered = NonNullable<RulesSnapshot['in_force']>['not_filtered'];

/**
 * Alarms that last until their cause is removed: a rejected file or list, a copy that cannot be stored, an interface
 * without filtering.
 */
export function RulesAlarms({
  alarms = [],
  unfiltered = [],
}: Pick<RulesSnapshot, 'alarms'> & { unfiltered?: Unfiltered }) {
  if (alarms.length + unfiltered.length === 0) return null;
  return (
    <ul className="rules-alarms" aria-label="Alarms" data-testid="rules-alarms">
      {alarms.map(({ code, message, since_ms }) => (
        <li key={`${code} ${message}`}>
          <TriangleAlert size={14} aria-hidden="true" />
          <p role="status">
            {asSentence(message)} <span className="text-muted">Since {clockText(since_ms)}.</span>
          </p>
        </li>
      ))}
      {unfiltered.map(({ name, why }) => (
        <li key={name}>
          <TriangleAlert size={14} aria-hidden="true" />
          <p role="status">
            Rules do not act on <span className="font-mono">{name}</span>: {why}.
          </p>
        </li>
      ))}
    </ul>
  );
}
