/** The kept inputs of each target: one per line, in base64. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIRECTORY = fileURLToPath(new URL('./corpus/', import.meta.url));
const pathOf = (target: string) => `${DIRECTORY}${target}.base64`;

export function readCorpus(target: string): Uint8Array[] {
  if (!existsSync(pathOf(target))) return [];
  const lines = readFileSync(pathOf(target), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}

export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(pathOf(target), inputs.map((input) => `${Buffer.from(input).toString('base64')}\n`).join(''));
}
