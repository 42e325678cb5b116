/** The results of the long form, in the file that PARSER_RESULTS names; without it nothing is written. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export function note(name: string, result: object): void {
  const path = process.env['PARSER_RESULTS'];
  if (path === undefined) return;
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : {};
  writeFileSync(path, `${JSON.stringify({ ...before, [name]: result }, null, 2)}\n`);
}
