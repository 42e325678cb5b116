/** The namespace of nodes: each proves its key, then reports. */
import type { KeyObject } from 'node:crypto';
import {
  FLEET_PROTOCOL_VERSION,
  type HubToNodeEvents,
  type NodeRejection,
  type NodeToHubEvents,
  nodeRejectionSchema,
  nodeReportSchema,
  nodeRulesSchema,
  PROOF_MS,
  proveSchema,
  type Welcome,
} from '@packetlog/common/fleet';
import type { Namespace } from 'socket.io';
import { newSecret } from '../identity/secrets.ts';
import { signText } from '../identity/signing.ts';
import type { ConnectionAccess, Lines } from './connection-access.ts';
import { MessageLimits } from './message-limits.ts';
import type { NodeDirectory } from './node-directory.ts';
import { NodeSession, type NodeSocket } from './node-session.ts';
import { checkProof, type ProofChecks, type Proven, proofText } from './proof.ts';
import type { RelayOrders } from './relay-orders.ts';

/** Unproven connections of nodes at once; the web server limits those of each address. */
const MAX_UNPROVEN = 1024;
/** From a rejection to the end of the connection. */
const GOODBYE_MS = 1000;
const REJECTION_CODES = nodeRejectionSchema.shape.code.options;
/** The room of nodes that have proven their keys. */
const PROVEN = 'proven';

export interface EntranceParts extends ProofChecks {
  readonly namespace: Namespace<NodeToHubEvents, HubToNodeEvents>;
  readonly hubPrivateKey: KeyObject;
  readonly directory: NodeDirectory;
  readonly orders: RelayOrders;
  readonly access: ConnectionAccess;
  readonly lines: Lines;
  readonly reportMs: () => number;
  readonly ship: () => Welcome['ship'];
  /** A node joined, with this join token. */
  readonly joined: (node: string, tokenId: string, address: string) => void;
  readonly proofMs?: number;
}

export class NodeEntrance {
  readonly #parts: EntranceParts;
  /** Rejected connections since the start, by code. */
  readonly rejected = new Map<NodeRejection['code'], number>(REJECTION_CODES.map((code) => [code, 0]));
  #unproven = 0;

  constructor(parts: EntranceParts) {
    this.#parts = parts;
    parts.namespace.on('connection', (socket) => this.#connected(socket));
  }

  /** Tells all nodes how often to report. */
  setRhythm(reportMs: number): void {
    this.#parts.namespace.to(PROVEN).emit('rhythm', { report_ms: reportMs });
  }

  #connected(socket: NodeSocket): void {
    const { proofMs = PROOF_MS, lines, now, hubPublicKey } = this.#parts;
    if (this.#unproven >= MAX_UNPROVEN) {
      lines.warn({ address: socket.handshake.address }, 'node rejected: too many have not proven their keys yet');
      this.#dismiss(socket);
      return;
    }
    this.#unproven += 1;
    const nonce = newSecret();
    const timer = setTimeout(() => {
      lines.warn({ address: socket.handshake.address }, 'node disconnected: it did not prove its key in time');
      this.#dismiss(socket);
    }, proofMs);
    let isDecided = false;
    const decided = () => {
      if (isDecided) return;
      isDecided = true;
      clearTimeout(timer);
      this.#unproven -= 1;
    };
    socket.once('disconnect', decided);
    socket.once('prove', (proof: unknown, acknowledge: unknown) => {
      this.#proves(socket, nonce, proof, acknowledge)
        .catch((error: unknown) => {
          lines.failed(error, 'the proof of a node could not be checked');
          this.#dismiss(socket);
        })
        .finally(decided);
    });
    socket.emit('challenge', {
      protocol: FLEET_PROTOCOL_VERSION,
      nonce,
      hub_key: hubPublicKey,
      at_ms: now(),
    });
  }

  async #proves(socket: NodeSocket, nonce: string, given: unknown, acknowledge: unknown): Promise<void> {
    if (typeof acknowledge !== 'function') {
      this.#dismiss(socket);
      return;
    }
    const { lines, hubPrivateKey, hubPublicKey, reportMs, ship } = this.#parts;
    const parsed = proveSchema.safeParse(given);
    const result = parsed.success ? await checkProof(parsed.data, nonce, this.#parts) : malformed(parsed.error.issues);
    if (!parsed.success || !isProven(result)) {
      const { code, message } = result as NodeRejection;
      const node = parsed.success ? parsed.data.node : '';
      this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
      lines.warn({ address: socket.handshake.address, node, code, why: message }, 'node rejected');
      acknowledge({ ok: false, error: result });
      this.#parts.access.dismissed(socket.request.socket);
      // The node reads the answer first, and then closes the connection itself.
      setTimeout(() => socket.disconnect(true), GOODBYE_MS).unref();
      return;
    }
    if (!socket.connected) return;
    const { node } = result;
    const session = this.#admit(socket, result);
    const welcome: Welcome = {
      node: node.name,
      group: node.group,
      signature: signText('hub-proof', proofText(parsed.data, hubPublicKey, nonce), hubPrivateKey),
      report_ms: reportMs(),
      session_token: session.sessionToken,
      ship: ship(),
    };
    acknowledge({ ok: true, value: welcome });
    this.#parts.directory.enter(session);
  }

  #admit(socket: NodeSocket, { node, joinedWith }: Proven): NodeSession {
    const { access, directory, lines, orders, joined, now } = this.#parts;
    const session = new NodeSession(socket, node, orders, now());
    access.admitted(socket.request.socket);
    if (joinedWith !== undefined) joined(node.name, joinedWith, socket.handshake.address);
    const limits = new MessageLimits(() => performance.now());
    let isOver = false;
    // First: before the listener that parses the message.
    socket.conn.prependListener('data', (data: unknown) => {
      const problem = isOver ? undefined : limits.problemOf(data, session.isAsked);
      if (problem === undefined) return;
      isOver = true;
      lines.warn({ node: node.name, address: socket.handshake.address, problem }, 'node disconnected');
      socket.request.socket.destroy();
    });
    socket.on('disconnect', () => directory.leave(session));
    socket.on('report', (report: unknown) => {
      if (isOver) return;
      const parsed = nodeReportSchema.safeParse(report);
      if (parsed.success) directory.reported(session, parsed.data, now());
      else lines.warn({ node: node.name, problem: issueText(parsed.error.issues) }, 'report of a node rejected');
    });
    socket.on('rules', (rules: unknown) => {
      if (isOver) return;
      const parsed = nodeRulesSchema.safeParse(rules);
      if (parsed.success) directory.rulesChanged(session, parsed.data, now());
      else lines.warn({ node: node.name, problem: issueText(parsed.error.issues) }, 'rules of a node rejected');
    });
    void socket.join(PROVEN);
    return session;
  }

  #dismiss(socket: NodeSocket): void {
    this.#parts.access.dismissed(socket.request.socket);
    socket.disconnect(true);
  }
}

function isProven(result: Proven | NodeRejection): result is Proven {
  return 'node' in result;
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function malformed(issues: readonly Issue[]): NodeRejection {
  return { code: 'invalid', message: `${issueText(issues)}. Use the same version on node and hub.` };
}

function issueText([issue]: readonly Issue[]): string {
  return `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not valid'}`;
}
