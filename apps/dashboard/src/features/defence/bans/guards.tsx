import type { Decision } from '@packetlog/common';
import { asSentence } from '../../../text/sentence.ts';
import { GUARD_TEXT } from './decision-text.ts';

/** The answers of all guards, in the order in which they were asked. */
export function Guards({ guards }: { guards: Decision['guards'] }) {
  return (
    <section aria-label="Guards">
      <h3 className="field-label">Guards</h3>
      <ol className="guards">
        {guards.map(({ guard, passed, note }) => {
          const { name, passed: passedText } = GUARD_TEXT[guard];
          return (
            <li key={guard} data-passed={passed} data-guard={guard}>
              <svg
                width="10"
                height="10"
                viewBox="0 0 10 10"
                role="img"
                aria-label={passed ? 'no objection' : 'objects'}
              >
                <path
                  d={passed ? 'M1 5.5 4 8.5 9 2' : 'm1.5 1.5 7 7m0-7-7 7'}
                  fill="none"
                  stroke="currentColor"
                  strokeWidth="1.5"
                />
              </svg>
              <span>{name}</span>
              <span className="text-muted">{note === undefined ? passedText : asSentence(note)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
