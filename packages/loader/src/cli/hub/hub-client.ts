/** Asks the running hub, or answers from its state while no hub runs. */
import { request } from 'node:http';
import type { FleetAnswer, FleetRequest, FleetResults, FleetVerb } from '@packetlog/common/fleet';
import { openOfflineHub } from '@packetlog/hub';
import { EXIT } from '../../errors/exit-codes.ts';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { printableName } from '../../system/interface-name.ts';
import { commandUser } from '../process/command-user.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';
import type { HubPlace } from './hub-command-options.ts';
import { controlSocketOf, openHubState } from './hub-state.ts';

const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ECONNREFUSED']);
const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/** Throws SetupError if neither the hub nor its state can be used. */
export async function askHub<Verb extends FleetVerb>(
  place: HubPlace,
  verb: Verb,
  body: FleetRequest<Verb>,
): Promise<FleetAnswer<Verb>> {
  const path = controlSocketOf(place);
  try {
    return await post<FleetAnswer<Verb>>(path, `/fleet/${verb}`, JSON.stringify(body));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (ABSENT.has(code)) return offline(place, verb, body);
    const isDenied = DENIED.has(code);
    throw new SetupError({
      step: 'reach the hub at',
      target: path,
      ...(isDenied && { problem: 'permission denied', next: privilegeAdvice({ command: 'packetlog hub …' }) }),
      exit: isDenied ? 'privilege' : 'failed',
      cause,
    });
  }
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

function post<Answer>(socketPath: string, path: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': Buffer.byteLength(body), 'packetlog-user': userHeader() };
    const outgoing = request({ socketPath, path, method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer);
        } catch (error) {
          reject(error);
        }
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The value comes from the environment, and may hold characters that Node.js rejects in a header. */
function userHeader(): string {
  return commandUser(process.env).user.replace(/[^ -~]/g, '?');
}
