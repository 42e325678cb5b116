/** Runs a command that is one request to the hub. Loads the implementation only then. */
import type { FleetRequest, FleetResults, FleetVerb } from '@packetlog/common/fleet';
import type { Command } from 'commander';
import { print } from '../process/print.ts';
import { placeOf } from './hub-command-options.ts';

export type Done = (code: number) => void;
type HubText = typeof import('./hub-text.ts').hubText;

/**
 * Prints what `text` chooses, or with `--json` one line with what `json` chooses, by default the answer itself. Resolves
 * with the exit code; throws SetupError.
 */
export async function runVerb<Verb extends FleetVerb>(
  command: Command,
  verb: Verb,
  request: FleetRequest<Verb>,
  text: (texts: HubText) => (value: FleetResults[Verb]) => string,
  json: (texts: HubText) => (value: FleetResults[Verb]) => object = () => (value) => value,
): Promise<number> {
  const { jsonLine, printAnswer } = await import('./hub-client.ts');
  const { hubText } = await import('./hub-text.ts');
  const isJson = command.opts<{ json?: boolean }>().json ?? false;
  const show = isJson ? (value: FleetResults[Verb]) => jsonLine(json(hubText)(value)) : text(hubText);
  return printAnswer(placeOf(command), verb, request, print, show);
}
