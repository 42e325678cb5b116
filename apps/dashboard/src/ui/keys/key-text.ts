/**
 * Notation of keys: 'd', '?', 'shift+c', 'space', 'escape', 'arrowdown', 'mod+k' (⌘ on a Mac, Ctrl elsewhere), and two
 * in a row as 'g l'.
 */

export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Returns a key press in that notation; null for a bare modifier, and for keys of the browser or system. */
export function keyOf(press: KeyPress, mac: boolean): string | null {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = press;
  if (altKey || ['Shift', 'Control', 'Meta', 'Alt', 'Dead', 'Unidentified'].includes(key)) return null;
  const mod = mac ? metaKey : ctrlKey;
  if (mac ? ctrlKey : metaKey) return null;
  const name = key === ' ' ? 'space' : latin(key, code).toLowerCase();
  // Whether a sign needs Shift depends on the keyboard layout.
  const shift = shiftKey && (name.length > 1 || /[a-z]/.test(name));
  return `${mod ? 'mod+' : ''}${shift ? 'shift+' : ''}${name}`;
}

/** Returns the letter on the same key of a Latin keyboard, for other alphabets. */
function latin(key: string, code: string): string {
  return key.length === 1 && key > '\u007f' ? (/^Key([A-Z])$/.exec(code)?.[1] ?? key) : key;
}

/** Returns whether the keys need no modifier but Shift: speech input may trigger such keys by accident. */
export function isCharacterKey(keys: string): boolean {
  return keys.split(' ').every((key) => /^(shift\+)?(.|space)$/u.test(key));
}

const KEY_LABELS: Readonly<Record<string, string>> = {
  space: 'Space',
  escape: 'Esc',
  enter: 'Enter',
  arrowup: '↑',
  arrowdown: '↓',
  arrowleft: '←',
  arrowright: '→',
};

/** Returns the keycaps to show: 'mod+k' -> ['Ctrl', 'K']. */
export function keyCaps(keys: string, mac: boolean): readonly string[] {
  return keys.split(' ').flatMap((key) =>
    key.split(/\+(?=.)/).map((part) => {
      if (part === 'mod') return mac ? '⌘' : 'Ctrl';
      if (part === 'shift') return mac ? '⇧' : 'Shift';
      return KEY_LABELS[part] ?? part.toUpperCase();
    }),
  );
}

/** Describes keys for a tooltip: 'Ctrl K', 'G then L'. */
export function shortcutText(keys: string, mac: boolean): string {
  return keys
    .split(' ')
    .map((key) => keyCaps(key, mac).join(' '))
    .join(' then ');
}
