/** Who belongs to the fleet: the hub's key, nodes, join tokens and people. Also opened by commands while no hub runs. */
import { Audit } from '../requests/audit.ts';
import type { HubState } from '../state/hub-state.ts';
import { type HubKey, openHubKey } from './hub-key.ts';
import { JoinTokens } from './join-tokens.ts';
import { NodeRegister } from './node-register.ts';
import { People } from './people.ts';

export interface FleetIdentity {
  readonly key: HubKey;
  readonly register: NodeRegister;
  readonly tokens: JoinTokens;
  readonly people: People;
  readonly audit: Audit;
  readonly close: () => void;
}

/** `now` returns milliseconds since 1970. */
export async function openIdentity(state: HubState, now: () => number): Promise<FleetIdentity> {
  const key = await openHubKey(state);
  const register = await NodeRegister.open(state);
  const people = await People.open(state);
  return {
    key,
    register,
    tokens: new JoinTokens(state, key.publicKey, now),
    people,
    audit: new Audit(state),
    close: () => {
      register.close();
      people.close();
    },
  };
}
