'use client';

import { Fragment } from 'react';
import { keyCaps } from './key-text.ts';
import { isMac } from './keys.ts';
import './keycaps.css';

/** Keys as they look on the keyboard. Only for what is drawn in the browser: there it is known which keyboard. */
export function Keycaps({ keys }: { keys: string }) {
  return (
    <span className="keycaps">
      {keys.split(' ').map((key, i) => (
        <Fragment key={key}>
          {i > 0 && <span className="text-faint">then</span>}
          {keyCaps(key, isMac()).map((cap) => (
            <kbd key={cap} className="keycap">
              {cap}
            </kbd>
          ))}
        </Fragment>
      ))}
    </span>
  );
}
