/**
 * Keys as they are written in the code: 'd', '?', 'shift+c', 'space', 'escape', 'arrowdown', 'mod+k' (⌘ on a Mac, Ctrl
 * elsewhere), and two in a row as 'g l'.
 */

export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** One press in that writing; null for a modifier on its own, and for what belongs to the browser or the system. */
export function keyOf(press: KeyPress, mac: boolean): string | null {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = press;
  if (altKey || ['Shift', 'Control', 'Meta', 'Alt', 'Dead', 'Unidentified'].includes(key)) return null;
  const mod = mac ? metaKey : ctrlKey;
  if (mac ? ctrlKey : metaKey) return null;
  const name = key === ' ' ? 'space' : latin(key, code).toLowerCase();
  // Of a sign it does not matter whether it needs Shift: that depends on the keyboard.
  const shift = shiftKey && (name.length > 1 || /[a-z]/.test(name));
  return `${mod ? 'mod+' : ''}${shift ? 'shift+' : ''}${name}`;
}

/** The letter that is printed on the same key of a Latin keyboard, where another alphabet is in use. */
function latin(key: string, code: string): string {
  return key.length === 1 && key > '\u007f' ? (/^Key([A-Z])$/.exec(code)?.[1] ?? key) : key;
}

/** Whether it is made of characters alone: what somebody who speaks to the computer may press without wanting to. */
export function isCharacterKey(keys: string): boolean {
  return keys.split(' ').every((key) => /^(shift\+)?(.|space)$/u.test(key));
}

const SIGNS: Readonly<Record<string, string>> = {
  space: 'Space',
  escape: 'Esc',
  enter: 'Enter',
  arrowup: '↑',
  arrowdown: '↓',
  arrowleft: '←',
  arrowright: '→',
};

/** The keys to press, each as its cap says: 'mod+k' -> ['Ctrl', 'K']. */
export function keyCaps(keys: string, mac: boolean): readonly string[] {
  return keys.split(' ').flatMap((key) =>
    key.split(/\+(?=.)/).map((part) => {
      if (part === 'mod') return mac ? '⌘' : 'Ctrl';
      if (part === 'shift') return mac ? '⇧' : 'Shift';
      return SIGNS[part] ?? part.toUpperCase();
    }),
  );
}

/** For a tooltip: 'Ctrl K', 'G then L'. */
export function shortcutText(keys: string, mac: boolean): string {
  return keys
    .split(' ')
    .map((key) => keyCaps(key, mac).join(' '))
    .join(' then ');
}
