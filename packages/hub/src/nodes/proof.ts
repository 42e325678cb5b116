/** Checks what a node sends to prove its key, and decides whether it may come in. */
import {
  canonicalJson,
  MAX_NODES_OF_A_HUB,
  type NODE_REJECTIONS,
  type NodeRejection,
  type ProofPayload,
  type Prove,
} from '@packetlog/common/fleet';
import type { JoinTokens } from '../identity/join-tokens.ts';
import type { KnownNode, NodeRegister } from '../identity/node-register.ts';
import { isSignedBy } from '../identity/signing.ts';

export interface ProofChecks {
  readonly register: NodeRegister;
  readonly tokens: JoinTokens;
  readonly hubPublicKey: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** `joinedWith`: the id of the join token, if the node joined now. */
export type Proven = { readonly node: KnownNode; readonly joinedWith: string | undefined };

/** Returns the text that both sides sign. `hubNonce`: that of the challenge on this connection. */
export function proofText(
  { node, public_key, nonce }: Pick<Prove, 'node' | 'public_key' | 'nonce'>,
  hubPublicKey: string,
  hubNonce: string,
): string {
  const payload: ProofPayload = {
    node,
    node_key: public_key,
    hub_key: hubPublicKey,
    hub_nonce: hubNonce,
    node_nonce: nonce,
  };
  return canonicalJson(payload);
}

/** Adds a node that joins to the register. */
export async function checkProof(
  proof: Prove,
  hubNonce: string,
  { register, tokens, hubPublicKey, now }: ProofChecks,
): Promise<Proven | NodeRejection> {
  const { node: name, public_key, signature, join_token } = proof;
  if (!isSignedBy('node-proof', proofText(proof, hubPublicKey, hubNonce), signature, public_key)) {
    return rejection('wrong_signature', 'The signature does not belong to this key and this connection. Try again.');
  }
  const known = register.byKey(public_key);
  if (known !== undefined) {
    const isOwn = known.name === name || known.previous === name || register.get(name) === undefined;
    return isOwn ? { node: known, joinedWith: undefined } : nameTaken(name);
  }
  if (await register.isRevoked(public_key)) {
    return rejection(
      'revoked',
      'The key of this node was revoked. To join again, delete the directory fleet in its state directory, and use a new join token.',
    );
  }
  const named = register.get(name);
  // It may have joined at another hub since the key was looked up.
  if (named?.public_key === public_key) return { node: named, joinedWith: undefined };
  if (named !== undefined) return nameTaken(name);
  if (join_token === undefined) {
    return rejection(
      'unknown_node',
      'The hub does not know this node. Get a join token on the hub (packetlog hub join-token), and start the node once with --hub-token.',
    );
  }
  if (register.size >= MAX_NODES_OF_A_HUB) {
    return rejection('full', `The hub has ${MAX_NODES_OF_A_HUB} nodes, the most it can have. Revoke some of them.`);
  }
  const offered = await tokens.check(join_token);
  if ('problem' in offered) return tokenRejected(offered.problem);
  // Before the token is used: a node joins at all hubs at the same moment, and uses it once.
  const joined = await register.join({ name, group: offered.group, public_key, joined_at_ms: now() });
  if (joined === undefined) return nameTaken(name);
  if (!joined.isNew) return { node: joined.node, joinedWith: undefined };
  const used = await tokens.use(join_token);
  if (!('problem' in used)) return { node: joined.node, joinedWith: used.id };
  await register.leave(joined.node);
  return tokenRejected(used.problem);
}

function tokenRejected(problem: string): NodeRejection {
  return rejection(
    'join_token',
    `The join token cannot be used: ${problem}. Get another on the hub: packetlog hub join-token.`,
  );
}

function nameTaken(name: string): NodeRejection {
  return rejection(
    'name_taken',
    `There is a node ${name} with another key already. If this is the same server with a new disk, revoke the old one (packetlog hub revoke ${name}); otherwise choose another name with --node-name.`,
  );
}

function rejection(code: (typeof NODE_REJECTIONS)[number], message: string): NodeRejection {
  return { code, message };
}
