/** What a key does in the filter's input; null for the default of an input. */
export type KeyAction = 'next' | 'previous' | 'take' | 'apply' | 'close' | 'leave' | null;

export function keyAction(
  key: string,
  { options, chosen, parses, open }: { options: number; chosen: boolean; parses: boolean; open: boolean },
): KeyAction {
  switch (key) {
    case 'ArrowDown':
      return options > 0 ? 'next' : null;
    case 'ArrowUp':
      return options > 0 ? 'previous' : null;
    case 'Tab':
      return chosen ? 'take' : null;
    case 'Enter':
      if (chosen) return 'take';
      return parses ? 'apply' : 'close';
    case 'Escape':
      return open && options > 0 ? 'close' : 'leave';
    default:
      return null;
  }
}
