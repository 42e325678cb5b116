import { isSetName } from '@packetlog/common';

/** Lines of a list that say something: neither empty nor a comment. */
export function listLines(text: string): number {
  let lines = 0;
  for (const line of text.split('\n')) if (/^\s*[^\s#;]/.test(line)) lines++;
  return lines;
}

/** 'firehol_level1.netset' -> 'firehol_level1'; '' if no name of a set can be made of it. */
export function nameFromFile(file: string): string {
  const name = file
    .replace(/\.[a-z0-9]{1,8}$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63);
  return isSetName(name) ? name : '';
}
