/** Answers about bans from the files of a loader that ended. */
import type { BansAnswer, BansRequest, BansVerb } from '@packetlog/common';
import { ActiveBans } from '../../bans/active-bans.ts';
import { BansApi } from '../../bans/bans-api.ts';
import { BansStore } from '../../bans/bans-store.ts';
import { findDecisions } from '../../bans/find-decisions.ts';
import { listOf } from '../../bans/list-bans.ts';
import type { StatePaths } from '../../rules/store/state-directory.ts';
import { say } from '../process/say.ts';

export class StoredBansApi {
  readonly #api: BansApi;

  constructor(paths: StatePaths) {
    const store = new BansStore(paths, ({ message }) => say(`Warning: ${message}`), { isReadOnly: true });
    this.#api = new BansApi({
      handlers: {
        list: async (request) => {
          const active = new ActiveBans(store.read(Date.now()).bans);
          active.removeEnded(Date.now());
          return listOf(active, request, () => 0);
        },
        decisions: async (request) => findDecisions(store.log, request, Date.now(), false),
        undo: async () => {
          throw new Error('needs a loader');
        },
      },
      failed: (error) => {
        throw error;
      },
    });
  }

  ask<Verb extends BansVerb>(verb: Verb, request: BansRequest<Verb>): Promise<BansAnswer<Verb>> {
    return this.#api.ask(verb, request, { who: { name: 'root', via: 'file' }, mayChange: false, mayNameFiles: true });
  }
}
