import { HOW_TO_CHANGE } from './rejection-text.ts';
import './read-only-note.css';

/** Takes the place of the actions where the connection cannot change rules. */
export function ReadOnlyNote() {
  return (
    <p className="read-only-note" data-testid="read-only">
      This connection is read-only. {HOW_TO_CHANGE}
    </p>
  );
}
