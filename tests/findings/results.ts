/** The results of the long form, in the file that FINDINGS_RESULTS names; without it nothing is written. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const PATH = process.env['FINDINGS_RESULTS'];

export const isLong = PATH !== undefined;

export function note(name: string, result: object): void {
  if (PATH === undefined) return;
  const before = existsSync(PATH) ? (JSON.parse(readFileSync(PATH, 'utf8')) as object) : {};
  writeFileSync(PATH, `${JSON.stringify({ ...before, [name]: result }, null, 2)}\n`);
}
