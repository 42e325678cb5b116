/** Asks the running hub, or answers from its state while no hub runs. */
import { text as textOf } from 'node:stream/consumers';
import type { FleetAnswer, FleetRequest, FleetResults, FleetVerb } from '@packetlog/common/fleet';
import { openOfflineHub } from '@packetlog/hub';
import { EXIT } from '../../errors/exit-codes.ts';
import { printableName } from '../../system/interface-name.ts';
import { commandUser } from '../process/command-user.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';
import type { HubPlace } from './hub-command-options.ts';
import { askSocket } from './hub-socket.ts';
import { controlSocketOf, openHubState } from './hub-state.ts';

/** Throws SetupError if neither the hub nor its state can be used. */
export async function askHub<Verb extends FleetVerb>(
  place: HubPlace,
  verb: Verb,
  body: FleetRequest<Verb>,
): Promise<FleetAnswer<Verb>> {
  const response = await askSocket(controlSocketOf(place), `/fleet/${verb}`, JSON.stringify(body));
  if (response === undefined) return offline(place, verb, body);
  return JSON.parse(await textOf(response)) as FleetAnswer<Verb>;
}

/** Prints what `show` returns for the answer, or the error. Resolves with the exit code. */
export async function printAnswer<Verb extends FleetVerb>(
  place: HubPlace,
  verb: Verb,
  body: FleetRequest<Verb>,
  print: (text: string) => void,
  show: (value: FleetResults[Verb]) => string,
): Promise<number> {
  const answer = await askHub(place, verb, body);
  if (answer.ok) {
    print(show(answer.value));
    return EXIT.ok;
  }
  say(`packetlog: ${printableName(answer.error.message)}`, 'error');
  return { invalid: EXIT.usage, not_found: EXIT.not_found }[answer.error.code as string] ?? EXIT.failed;
}

/** One line of JSON. */
export function jsonLine(value: unknown): string {
  return `${terminalJson(value)}\n`;
}

async function offline<Verb extends FleetVerb>(
  place: HubPlace,
  verb: Verb,
  body: FleetRequest<Verb>,
): Promise<FleetAnswer<Verb>> {
  const state = await openHubState(place.state);
  try {
    const hub = await openOfflineHub(state, {
      failed: (error) => say(`packetlog: ${printableName(String(error))}`, 'error'),
    });
    const { user, address } = commandUser(process.env);
    try {
      const caller = { person: user, role: { kind: 'admin' as const }, ...(address !== undefined && { address }) };
      return await hub.requests.ask(verb, body, caller);
    } finally {
      hub.close();
    }
  } finally {
    await state.close();
  }
}
