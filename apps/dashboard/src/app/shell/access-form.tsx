'use client';

import { useState } from 'react';
import { TextField } from '../../ui/text-field.tsx';
import { readPastedAccess } from './pasted-access.ts';

/** Accepts the printed URL or a token, on pages that were opened without one. */
export function AccessForm() {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const open = () => {
    const access = readPastedAccess(text, location.origin);
    if (access.kind === 'problem') return setProblem(access.sentence);
    setText('');
    if (access.kind === 'page') location.assign(access.url);
    else location.hash = access.hash;
  };
  return (
    <form
      className="access-form"
      onSubmit={(event) => {
        event.preventDefault();
        open();
      }}
    >
      <TextField
        label="URL or token"
        name="access"
        value={text}
        onChange={(next) => {
          setText(next);
          setProblem('');
        }}
        problem={problem}
        secret
      />
      <button type="submit" className="button button-primary" data-testid="open-access">
        Open
      </button>
    </form>
  );
}
