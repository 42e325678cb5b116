'use client';

import { type HTMLAttributes, useId } from 'react';
import './fields.css';

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What may be entered. */
  readonly hint?: string;
  /** What is wrong with the value; '' if nothing is. */
  readonly problem?: string;
  readonly placeholder?: string;
  /** For addresses and ports. */
  readonly mono?: boolean;
  /** Hidden input, for a token. */
  readonly secret?: boolean;
  readonly inputMode?: HTMLAttributes<HTMLInputElement>['inputMode'];
  readonly suggestions?: readonly string[];
  readonly name: string;
  readonly maxLength?: number;
}

/** A text input with label, hint and error. */
export function TextField({
  label,
  value,
  onChange,
  hint = '',
  problem = '',
  placeholder,
  mono = false,
  secret = false,
  inputMode,
  suggestions = [],
  name,
  maxLength,
}: TextFieldProps) {
  const id = useId();
  const below = problem || hint;
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      <input
        id={id}
        name={name}
        type={secret ? 'password' : 'text'}
        className={`input ${mono ? 'font-mono' : ''}`}
        value={value}
        placeholder={placeholder}
        inputMode={inputMode}
        maxLength={maxLength}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={!mono}
        aria-invalid={problem !== ''}
        {...(below !== '' && { 'aria-describedby': `${id}-below` })}
        {...(suggestions.length > 0 && { list: `${id}-list` })}
        onChange={(event) => onChange(event.target.value)}
      />
      {suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
      {below !== '' && (
        <p id={`${id}-below`} className={problem === '' ? 'field-hint' : 'field-problem'}>
          {below}
        </p>
      )}
    </div>
  );
}
