/** Linux interface names, also alternative ones (dev_valid_name and dev_alloc_name of net/core/dev.c). */

/** ALTIFNAMSIZ of linux/if.h is 128 with a NUL; names that are no alternatives have 15 bytes. */
const MAX_BYTES = 127;

/** Why the kernel would reject the name, or undefined if it could be one. */
export function interfaceNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (new TextEncoder().encode(name).length > MAX_BYTES) return `is longer than ${MAX_BYTES} bytes`;
  if (name === '.' || name === '..') return 'is "." or ".."';
  if (/[\s/:\0]/.test(name)) return 'holds a space, a slash, a colon or a NUL';
  return undefined;
}

/** For terminals: control characters, escapes and what turns the direction of text become visible; all else stays. */
export function printableName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code}`;
  });
}
