/** Proves to hubs who this node is, and checks who they are. */
import { type KeyObject, randomBytes } from 'node:crypto';
import {
  type Challenge,
  canonicalJson,
  formatJoinToken,
  type JoinToken,
  type ProofPayload,
  type Prove,
} from '@packetlog/common/fleet';
import { isSignedBy, keyDigest, publicKeyOf, signText } from '@packetlog/hub/signing';
import type { FleetAnswer, FleetRejection, QuestionOf } from '../ipc/fleet/fleet-access.ts';
import type { JoinedHub, JoinedHubs } from './joined-hubs.ts';

const NONCE_BYTES = 32;

export interface NodeIdentity {
  /** Origins of the hubs. */
  readonly urls: readonly string[];
  /** Undefined: none was given. */
  readonly joinToken: JoinToken | undefined;
  /** The name to join with; later, a hub's own name for the node counts. */
  readonly name: string;
  readonly version: string;
  readonly bootId: string;
}

/** A proof whose answer is awaited. */
interface Sent {
  readonly payload: ProofPayload;
  readonly joinedWith: string | undefined;
}

export class NodeProofs {
  readonly #identity: NodeIdentity;
  readonly #key: KeyObject;
  readonly #hubs: JoinedHubs;
  /** By the hub's index. */
  readonly #sent = new Map<number, Sent>();

  constructor(identity: NodeIdentity, key: KeyObject, hubs: JoinedHubs) {
    this.#identity = identity;
    this.#key = key;
    this.#hubs = hubs;
  }

  /** Signs a hub's challenge, if it is a hub that the node joined, or that made its join token. */
  prove(index: number, challenge: Challenge): FleetAnswer<Prove> {
    const { urls, joinToken, name, version, bootId } = this.#identity;
    const url = urls[index];
    if (url === undefined) return failed('invalid', 'There is no such hub.');
    const isOfToken = joinToken !== undefined && keyDigest(challenge.hub_key) === joinToken.hubKeyDigest;
    const joined = this.#joined(url, challenge.hub_key);
    if (joined === undefined && !isOfToken) return { ok: false, error: this.#stranger(url) };
    const usesToken = isOfToken && joinToken.id !== joined?.joined_with;
    const payload: ProofPayload = {
      node: joined?.node ?? name,
      node_key: publicKeyOf(this.#key),
      hub_key: challenge.hub_key,
      hub_nonce: challenge.nonce,
      node_nonce: randomBytes(NONCE_BYTES).toString('base64url'),
    };
    this.#sent.set(index, { payload, joinedWith: isOfToken ? joinToken.id : joined?.joined_with });
    return {
      ok: true,
      value: {
        node: payload.node,
        public_key: payload.node_key,
        nonce: payload.node_nonce,
        signature: signText('node-proof', canonicalJson(payload), this.#key),
        ...(usesToken && { join_token: formatJoinToken(joinToken) }),
        version,
        boot_id: bootId,
      },
    };
  }

  /** Checks the hub's own proof, and stores what it is. Throws the file system's error. */
  welcome({ hub: index, node, group, signature }: QuestionOf<'welcome'>): FleetAnswer<{ node: string }> {
    const sent = this.#sent.get(index);
    this.#sent.delete(index);
    const url = this.#identity.urls[index];
    if (sent === undefined || url === undefined) return failed('invalid', 'No proof was sent to this hub.');
    const { payload, joinedWith } = sent;
    if (!isSignedBy('hub-proof', canonicalJson(payload), signature, payload.hub_key)) {
      return failed(
        'wrong_signature',
        'The hub did not prove that it has the key that it names. Check the URL in --hub, and what is between this machine and the hub.',
      );
    }
    this.#hubs.learn({
      url,
      key: payload.hub_key,
      node,
      group,
      ...(joinedWith !== undefined && { joined_with: joinedWith }),
    });
    return { ok: true, value: { node } };
  }

  /** Returns the joined hub with this key: the one at `url`, or another one that shares its state with it. */
  #joined(url: string, key: string): JoinedHub | undefined {
    const known = this.#hubs.at(this.#identity.urls).filter((each) => each.key === key);
    return known.find((each) => each.url === url) ?? known[0];
  }

  #stranger(url: string): FleetRejection {
    const { joinToken } = this.#identity;
    const join = 'make a join token on it (packetlog hub join-token), and start packetlog with --hub-token';
    if (this.#hubs.at([url]).length > 0) {
      const message = `It has another key than the hub that this node joined. If that hub was set up again: ${join}.`;
      return { code: 'wrong_hub', message };
    }
    if (joinToken !== undefined) {
      return { code: 'wrong_hub', message: `The join token was made by another hub. To join this one: ${join}.` };
    }
    return { code: 'no_join_token', message: `This node has not joined it. To join: ${join}.` };
  }
}

function failed(code: FleetRejection['code'], message: string): { ok: false; error: FleetRejection } {
  return { ok: false, error: { code, message } };
}
