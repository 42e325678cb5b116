/** Writes a line to standard error for the operator; never through the logger, because of the tokens. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
