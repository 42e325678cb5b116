import type { Interface } from '@packetlog/common';

const MODE_TEXT = { native_frags: 'native', native: 'native', generic: 'generic' } as const;

/** Returns the attach mode in a word, or that the interface is not filtered. */
export function modeText({ state, mode }: Interface): string {
  return state === 'attached' ? MODE_TEXT[mode] : 'not filtered';
}

/** Describes the attach mode in a sentence, with its reason. */
export function modeTitle({ state, mode, mode_reason, filtering }: Interface): string {
  if (state !== 'attached') {
    return `Rules do not act here: ${filtering?.why ?? 'the interface is gone'}. PacketLog attaches again when it can.`;
  }
  if (mode === 'native') return 'The program runs in the driver.';
  if (mode === 'native_frags') return 'The program runs in the driver, large frames included.';
  return `The program runs behind the driver${mode_reason === undefined ? '.' : `: ${mode_reason}.`}`;
}
