'use client';

import { type ReactNode, useId } from 'react';
import './fields.css';

export interface Segment<T extends string> {
  readonly value: T;
  readonly label: ReactNode;
  readonly title?: string;
}

/** One of a few, all in sight. Radio buttons underneath: the arrow keys work, and a screen reader counts them. */
export function Segments<T extends string>({
  label,
  segments,
  value,
  onChange,
}: {
  label: string;
  segments: readonly Segment<T>[];
  /** None is chosen if it is none of them. */
  value: string;
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="field">
      <legend className="field-label">{label}</legend>
      <div className="segments">
        {segments.map((segment) => (
          <label key={segment.value} className="segment" title={segment.title}>
            <input
              type="radio"
              name={name}
              value={segment.value}
              checked={segment.value === value}
              onChange={() => onChange(segment.value)}
              className="sr-only"
            />
            {segment.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
