/** Writes a line to standard error for the operator. Bypasses the logger, because the line may contain tokens. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
