/** TCP connections from CPU 0 to CPU 1, one through each cable; one at a time sends. */
import type { Dialogue } from '../lab/dialogue.ts';
import type { Network } from '../lab/network.ts';
import { PRODUCER_CPU, READER_CPU } from './contestant.ts';
import { startDialogue } from './dialogue.ts';
import type { Peers } from './peers.ts';

const PORT = '5201';

/** The result of `bench/traffic/stream.c` for one piece. */
interface Piece {
  readonly elapsed_ns: number;
  /** CPU time of the threads, including the kernel's work charged to them. */
  readonly sender_cpu_ns: number;
  readonly receiver_cpu_ns: number;
}

export class TcpStreams {
  readonly #sender: Dialogue;
  readonly #receiver: Dialogue;

  private constructor(sender: Dialogue, receiver: Dialogue) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** Opens a connection through each cable. `bytes`: size of a piece. */
  static async open({ client, server, links }: Network, peers: Peers, bytes: number): Promise<TcpStreams> {
    // Otherwise a connection restarts slowly after the pieces of the others (tcp_slow_start_after_idle).
    await client.setSysctls({ 'net/ipv4/tcp_slow_start_after_idle': 0 });
    const args = [PORT, String(bytes), ...links.map((link) => link.server.ipv4)];
    const receiver = startDialogue({ cpus: READER_CPU, namespace: server }, [peers.stream, 'receive', ...args]);
    await receiver.ask();
    const sender = startDialogue({ cpus: PRODUCER_CPU, namespace: client }, [peers.stream, 'send', ...args]);
    await sender.ask();
    return new TcpStreams(sender, receiver);
  }

  /** Sends a piece through a cable, and resolves when it was received. */
  send(cable: number): Promise<Piece> {
    return this.#sender.ask<Piece>(String(cable));
  }

  async close(): Promise<void> {
    await this.#sender.end();
    await this.#receiver.end();
  }
}
