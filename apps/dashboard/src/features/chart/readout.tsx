import type { Quantity } from '../../text/number.ts';
import type { PlotLine } from './plot.tsx';

/** A number above the chart: of the newest point, or of the one under the pointer. */
export function Readout({
  label,
  value,
  format,
  line,
  mark,
  tone = '',
  note = '',
}: {
  label: string;
  value: number | null;
  format: (value: number) => Quantity;
  /** The line it belongs to, drawn before the label. */
  line?: PlotLine;
  mark?: string;
  tone?: string;
  note?: string;
}) {
  const quantity = value === null ? null : format(value);
  return (
    <div className="readout">
      <p className="readout-label">
        {line !== undefined && (
          <svg width="12" height="2" aria-hidden="true">
            <path d="M0 1h12" stroke={`var(${line.color})`} strokeWidth="2" strokeDasharray={line.dash?.join(' ')} />
          </svg>
        )}
        {mark !== undefined && <span className={`readout-mark ${mark}`} />}
        {label}
        {note !== '' && <span className="note text-faint font-mono">{note}</span>}
      </p>
      <p className={`readout-value ${tone}`}>
        {quantity?.value ?? '—'}
        <span className="readout-unit">{quantity?.unit ?? ''}</span>
      </p>
    </div>
  );
}
