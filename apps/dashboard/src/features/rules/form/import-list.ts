import { isSetName, MAX_MESSAGE_BYTES } from '@packetlog/common';

/** Counts the lines of a list that are neither empty nor comments. */
export function listLines(text: string): number {
  let lines = 0;
  for (const line of text.split('\n')) if (/^\s*[^\s#;]/.test(line)) lines++;
  return lines;
}

/** Derives the name of a set: 'firehol_level1.netset' -> 'firehol_level1'; '' if the result would not be valid. */
export function nameFromFile(file: string): string {
  const name = file
    .replace(/\.[a-z0-9]{1,8}$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63);
  return isSetName(name) ? name : '';
}

/** Bytes of the message in addition to the list. */
const MESSAGE_OVERHEAD_BYTES = 4_096;

/** Returns '' if the list fits into a message of the page's connection, else the problem and what to do. */
export function sizeProblem(text: string): string {
  // As sent: each line end takes two bytes.
  const bytes = new TextEncoder().encode(JSON.stringify(text)).length;
  if (bytes <= MAX_MESSAGE_BYTES - MESSAGE_OVERHEAD_BYTES) return '';
  return 'This list is too long to send from this page. Import it on the machine: packetlog rules import FILE --set NAME';
}
