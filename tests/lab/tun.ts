/** A tun or tap device inside a namespace, held by its agent: what is written to it arrives there. */
import type { Namespace } from './namespace.ts';

export interface Tun {
  /** Writes IP packets (tun) or Ethernet frames (tap). */
  write(packets: readonly Uint8Array[]): Promise<void>;
  /** Removes the device. */
  close(): Promise<void>;
}

export async function openTun(
  at: Namespace,
  options: { name: string; type: 'tun' | 'tap'; nonblocking?: boolean },
): Promise<Tun> {
  const agent = await at.agent();
  await agent.ask('openTun', options);
  return {
    write: (packets) => agent.ask('writeTun', { name: options.name, packets }),
    close: () => agent.ask('closeTun', options.name),
  };
}
