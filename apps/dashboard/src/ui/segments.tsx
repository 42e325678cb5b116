'use client';

import { type ReactNode, useId } from 'react';
import './fields.css';

export interface Segment<T extends string> {
  readonly value: T;
  readonly label: ReactNode;
  readonly title?: string;
}

/** A choice of a few options. Radio buttons, so that arrow keys and screen readers work. */
export function Segments<T extends string>({
  label,
  segments,
  value,
  onChange,
}: {
  label: string;
  segments: readonly Segment<T>[];
  /** Selects none if it is not an option. */
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
