/** Asks a loader over its control socket. Every request ends: a stopped loader does not answer. */
import { request } from 'node:http';
import type { InterfaceLedger, Ledger, RulesAnswer, RulesRequest, RulesResults, RulesVerb } from '@packetlog/common';

const DEADLINE_MS = 10_000;

/** The part of `packetlog status --json` that is compared. */
export interface Status {
  readonly pid: number;
  readonly interfaces: readonly { name: string; state: string; counters: InterfaceLedger }[];
  readonly ledger: Pick<Ledger, 'at_ms' | 'unwatched' | 'ring' | 'before' | 'queue'> & { server?: Ledger['queue'] };
  readonly rules: { in_force: boolean; alarms: string[] };
  readonly server: { is_running: boolean; pid: number | null; restarts: number } | null;
}

export interface Control {
  status(): Promise<Status>;
  /** Rejects with the message of a rejected request. */
  done<Verb extends RulesVerb>(verb: Verb, body: RulesRequest<Verb>): Promise<RulesResults[Verb]>;
  ask<Verb extends RulesVerb>(verb: Verb, body: RulesRequest<Verb>): Promise<RulesAnswer<Verb>>;
}

export function controlAt(socketPath: string): Control {
  const post = <T>(path: string, body: object): Promise<T> =>
    new Promise((resolve, reject) => {
      // A new connection each time: the loader may be another one.
      const options = { socketPath, path, method: 'POST', agent: false, signal: AbortSignal.timeout(DEADLINE_MS) };
      const asked = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve(JSON.parse(text) as T));
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end(JSON.stringify(body));
    });
  const control: Control = {
    status: async () => (await post<{ value: Status }>('/status', {})).value,
    ask: (verb, body) => post(`/rules/${verb}`, body),
    done: async (verb, body) => {
      const answer = await control.ask(verb, body);
      if (!answer.ok) throw new Error(`${verb}: ${answer.error.message}`);
      return answer.value;
    },
  };
  return control;
}
