/** Linux interface names, including alternative ones (dev_valid_name and dev_alloc_name of net/core/dev.c). */

/** ALTIFNAMSIZ of linux/if.h is 128 with a NUL; names that are not alternative names have at most 15 bytes. */
const MAX_BYTES = 127;

/** Returns why the kernel would reject the name, or undefined if it is valid. */
export function interfaceNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (new TextEncoder().encode(name).length > MAX_BYTES) return `is longer than ${MAX_BYTES} bytes`;
  if (name === '.' || name === '..') return 'is "." or ".."';
  if (/[\s/:\0]/.test(name)) return 'contains a space, a slash, a colon or a NUL';
  return undefined;
}

/**
 * Makes a name safe for terminals: escapes control characters and those that change the direction of text; keeps all
 * others.
 */
export function printableName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}
