'use client';

import { Fragment } from 'react';
import { keyCaps } from './key-text.ts';
import { isMac } from './keys.ts';
import './keycaps.css';

/** Keys as on the keyboard. Render only in the browser, where the platform is known. */
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
