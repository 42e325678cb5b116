import type { Decision } from '@packetlog/common';
import { useMemo } from 'react';
import { ABSENT } from '../../../text/number.ts';
import { endpointText } from '../../../text/row-text.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { sampleRows } from './sample-rows.ts';

/** Records of the source that the limit saw, newest last, as rows of the live table. */
export function DecisionSamples({ samples }: { samples: Decision['samples'] }) {
  const rows = useMemo(() => sampleRows(samples), [samples]);
  if (rows.length === 0) return null;
  return (
    <section aria-label="Sample packets">
      <h3 className="field-label">Sample packets, local time</h3>
      <ol className="samples font-mono">
        {rows.map(({ time, verdict, src, dst, protocol, detail, length }, i) => (
          <li key={i} data-testid="sample">
            <span className="text-faint">{time}</span>
            <VerdictMark verdict={verdict} />
            <span>
              {endpointText(src)} <span className="text-faint inline-block">→ {endpointText(dst)}</span>
            </span>
            <span className="text-muted">
              {protocol}
              {detail !== ABSENT && ` ${detail}`}, {length} B
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
