/** A node dials all hubs at the same moment: it joins once, whichever of them is first. */
import { expect, it, onTestFinished } from 'vitest';
import { lockFile, newDirectory } from '../test/support/directory.ts';
import { sharedBy } from '../test/support/shared-state.ts';
import { JoinTokens } from './identity/join-tokens.ts';
import { NodeRegister } from './identity/node-register.ts';
import { newPrivateKey, publicKeyOf, readPrivateKey, signText } from './identity/signing.ts';
import { checkProof, proofText } from './nodes/proof.ts';
import { openFileState } from './state/file-state.ts';

const HUB_KEY = publicKeyOf(readPrivateKey(newPrivateKey()));
const NONCE = 'n'.repeat(43);

it.each(['before the key is looked up', 'while it is checked', 'when the name is taken'] as const)(
  'is admitted by both hubs, and uses its token once, if the other hub admits it %s',
  async (moment) => {
    const state = await openFileState({ directory: newDirectory(), lockFile });
    onTestFinished(() => state.close());
    const tokens = new JoinTokens(state, HUB_KEY, () => 1);
    const { token } = await tokens.make({ for_s: 60, uses: 2, group: 'web' });
    const key = readPrivateKey(newPrivateKey());
    const proof = { node: 'web1', public_key: publicKeyOf(key), nonce: NONCE };
    const signature = signText('node-proof', proofText(proof, HUB_KEY, NONCE), key);
    const prove = { ...proof, signature, join_token: token, version: '1', boot_id: 'boot' };
    const joinAt = (register: NodeRegister) =>
      checkProof(prove, NONCE, { register, tokens, hubPublicKey: HUB_KEY, now: () => 1 });

    const first = await NodeRegister.open(sharedBy(state));
    const admitted = { node: { name: 'web1', group: 'web' } };
    let isAdmitted = false;
    const joinFirst = async () => {
      if (!isAdmitted) expect(await joinAt(first)).toMatchObject(admitted);
      isAdmitted = true;
    };
    if (moment === 'before the key is looked up') await joinFirst();
    const shared = sharedBy(state);
    const second = await NodeRegister.open({
      ...shared,
      get: async (asked) => {
        if (moment === 'while it is checked' && asked.startsWith('revoked/')) await joinFirst();
        return shared.get(asked);
      },
      put: async (put, value, expected) => {
        if (moment === 'when the name is taken') await joinFirst();
        return shared.put(put, value, expected);
      },
    });
    expect(await joinAt(second)).toMatchObject(admitted);
    expect(isAdmitted).toBe(true);
    expect(await tokens.list()).toMatchObject([{ uses_left: 1 }]);
  },
);
