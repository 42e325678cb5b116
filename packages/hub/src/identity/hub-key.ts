/** The hub's own key. Hubs that share a state share it: they are one hub to the nodes. */
import type { KeyObject } from 'node:crypto';
import { type HubState, StateConflict } from '../state/hub-state.ts';
import { newPrivateKey, publicKeyOf, readPrivateKey } from './signing.ts';

export interface HubKey {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

const KEY = 'hub-key';

/** Returns the stored key; the first hub makes it. */
export async function openHubKey(state: HubState): Promise<HubKey> {
  const pem = (await state.get(KEY))?.value ?? (await storeNewKey(state));
  const privateKey = readPrivateKey(pem);
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

async function storeNewKey(state: HubState): Promise<string> {
  const pem = newPrivateKey();
  try {
    await state.put(KEY, pem, 0);
    return pem;
  } catch (error) {
    const stored = error instanceof StateConflict ? await state.get(KEY) : undefined;
    if (stored === undefined) throw error;
    return stored.value;
  }
}
