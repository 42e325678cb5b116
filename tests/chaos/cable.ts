/** The veth pair between sender and loader, which a fault may delete, move and create again. */
import type { InterfaceCounters } from '../lab/counters.ts';
import { interfaceCounters } from '../lab/counters.ts';
import type { Namespace } from '../lab/namespace.ts';
import { until } from '../lab/until.ts';

export const CLIENT_MAC = '02:00:00:00:00:01';
export const SERVER_MAC = '02:00:00:00:00:02';

/** What the interfaces counted since the lab exists, over all their lives. */
export interface WireCounts {
  /** Out of the sender's end, and what its queue did not take. */
  readonly sent: number;
  readonly dropped: number;
  /** Into the loader's end. */
  readonly received: number;
  /** False if an interface was deleted while it counted: then the counts are what is known at least. */
  readonly exact: boolean;
}

export class Cable {
  readonly #client: Namespace;
  readonly #home: Namespace;
  /** Where the loader's end is now, and its name. */
  at: Namespace;
  device = 'server0';
  #retired = { sent: 0, dropped: 0, received: 0 };
  #exact = true;

  constructor(client: Namespace, server: Namespace) {
    this.#client = client;
    this.#home = server;
    this.at = server;
  }

  /** Creates the pair and returns the number of the sender's end. The loader's end is up unless `down`. */
  async create({ down = false }: { down?: boolean } = {}): Promise<number> {
    [this.at, this.device] = [this.#home, 'server0'];
    await this.#client.ip(
      `link add client0 address ${CLIENT_MAC} type veth peer name server0 address ${SERVER_MAC} netns ${this.#home.name}`,
      'link set dev client0 arp off multicast off up',
    );
    if (!down) await this.up();
    const [link] = await this.#client.ipJson<{ ifindex: number }[]>('link', 'show', 'dev', 'client0');
    return link?.ifindex ?? 0;
  }

  async up(): Promise<void> {
    await this.at.ip(`link set dev ${this.device} arp off multicast off up`);
    await until(
      async () => {
        const links = await this.#client.ipJson<{ operstate: string }[]>('link', 'show', 'dev', 'client0');
        return links[0]?.operstate === 'UP';
      },
      { what: 'the cable to come up' },
    );
  }

  down(): Promise<void> {
    return this.at.ip(`link set dev ${this.device} down`);
  }

  /**
   * Deletes the pair. `under`: while frames arrive, so that the last ones are not counted; otherwise it is taken down
   * first.
   */
  async delete({ under }: { under: boolean }): Promise<void> {
    if (under) this.#exact = false;
    else await this.down();
    const { client, server } = await this.#read();
    this.#retired.sent += client.tx.packets;
    this.#retired.dropped += client.tx.dropped;
    this.#retired.received += server.rx.packets;
    await this.at.ip(`link delete ${this.device}`);
  }

  /**
   * Moves the loader's end to another namespace; `beforeUp` runs while it is still down there. What it receives
   * anywhere but at home is not counted.
   */
  async move(to: Namespace, beforeUp: () => Promise<void> = async () => {}): Promise<void> {
    await this.down();
    const { packets } = (await this.#read()).server.rx;
    this.#retired.received += this.at === this.#home ? packets : -packets;
    await this.at.ip(`link set dev ${this.device} netns ${to.name}`);
    this.at = to;
    await beforeUp();
    await this.up();
  }

  async setMtu(mtu: number): Promise<void> {
    await this.#client.ip(`link set dev client0 mtu ${mtu}`);
    await this.at.ip(`link set dev ${this.device} mtu ${mtu}`);
  }

  async rename(name: string): Promise<void> {
    await this.down();
    await this.at.ip(`link set dev ${this.device} name ${name}`);
    this.device = name;
    await this.up();
  }

  /** Call it only while the loader's end is at home. */
  async counts(): Promise<WireCounts> {
    const { client, server } = await this.#read();
    return {
      sent: this.#retired.sent + client.tx.packets,
      dropped: this.#retired.dropped + client.tx.dropped,
      received: this.#retired.received + server.rx.packets,
      exact: this.#exact,
    };
  }

  /** From now on the counts are exact again, compared with counts of now. */
  settle(): void {
    this.#exact = true;
  }

  async #read(): Promise<{ client: InterfaceCounters; server: InterfaceCounters }> {
    const [client, server] = await Promise.all([
      interfaceCounters(this.#client, 'client0'),
      interfaceCounters(this.at, this.device),
    ]);
    return { client, server };
  }
}
