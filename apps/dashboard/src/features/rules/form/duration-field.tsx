'use client';

import { useState } from 'react';
import { DURATIONS } from '../../../text/rule-text.ts';
import { Segments } from '../../../ui/segments.tsx';
import { TextField } from '../../../ui/text-field.tsx';

const OTHER = 'other';

/** Duration of a rule: a preset, or typed. `current` is the option that keeps the rule's expiry. */
export function DurationField({
  value,
  onChange,
  problem = '',
  current,
}: {
  value: string;
  onChange: (value: string) => void;
  problem?: string | undefined;
  current?: { readonly value: string; readonly label: string } | undefined;
}) {
  const usual = [...(current === undefined ? [] : [current]), ...DURATIONS];
  const [typed, setTyped] = useState(!usual.some((entry) => entry.value === value));
  return (
    <div className="flex flex-col gap-2">
      <Segments
        label="Expires in"
        segments={[...usual, { value: OTHER, label: 'other' }]}
        value={typed ? OTHER : value}
        onChange={(chosen) => {
          setTyped(chosen === OTHER);
          onChange(chosen === OTHER ? '2h' : chosen);
        }}
      />
      {typed && (
        <TextField
          label="Duration"
          name="lasts"
          mono
          value={value}
          onChange={onChange}
          hint="Such as 30s, 15m, 1h30m, 7d"
          problem={problem}
        />
      )}
    </div>
  );
}
