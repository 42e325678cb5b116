/** The interface is deleted, recreated, renamed, moved and changed. */
import { setTimeout as delay } from 'node:timers/promises';
import { createNamespace } from '../../lab/namespace.ts';
import { until } from '../../lab/until.ts';
import type { Kind } from '../kind.ts';
import type { ChaosLab } from '../lab.ts';
import type { Random } from '../random.ts';

/** Deletes the cable, waits, and creates it again. */
async function recreate(lab: ChaosLab, random: Random, absentMs: number): Promise<void> {
  await lab.outage(async () => {
    await lab.cable.delete({ under: random.chance(0.5) });
    await delay(random.integer(0, absentMs));
    await lab.sender.sendFrom(await lab.cable.create());
  });
}

const recreated: Kind = {
  name: 'interface-recreated',
  weight: 3,
  async inject(lab, random) {
    await lab.opens();
    await recreate(lab, random, 300);
    return async () => {};
  },
};

const flapping: Kind = {
  name: 'interface-flapping',
  weight: 2,
  async inject(lab, random) {
    await lab.opens();
    for (let i = random.integer(2, 4); i > 0; i--) await recreate(lab, random, 30);
    return async () => {};
  },
};

const recreatedWhileFrozen: Kind = {
  name: 'interface-recreated-core-frozen',
  weight: 2,
  async inject(lab, random) {
    process.kill(lab.pid, 'SIGSTOP');
    await lab.opens();
    await recreate(lab, random, 100);
    return async () => void process.kill(lab.pid, 'SIGCONT');
  },
};

const recreatedWhileDead: Kind = {
  name: 'interface-recreated-core-dead',
  weight: 2,
  async inject(lab, random) {
    await lab.kill();
    await lab.opens();
    // No link is left to take over, so the next loader begins with maps of its own (README, "Limits").
    lab.forgotten.add('counters').add('hits');
    await recreate(lab, random, 100);
    return async () => void lab.start();
  },
};

const down: Kind = {
  name: 'interface-down',
  weight: 2,
  async inject(lab, random) {
    await lab.outage(async () => {
      await lab.cable.down();
      await delay(random.integer(0, 200));
      await lab.cable.up();
    });
    return async () => {};
  },
};

const renamed: Kind = {
  name: 'interface-renamed',
  weight: 2,
  async inject(lab, random) {
    const name = `renamed${random.integer(0, 99)}`;
    await lab.outage(() => lab.cable.rename(name));
    await lab.untilHealthy();
    return () => lab.outage(() => lab.cable.rename('server0'));
  },
};

const moved: Kind = {
  name: 'interface-moved',
  weight: 2,
  async inject(lab, random) {
    const home = lab.cable.at;
    const elsewhere = await createNamespace();
    await lab.opens();
    await lab.outage(async () => {
      await lab.cable.move(elsewhere, async () => {
        const gone = async () => (await lab.control.status()).interfaces.every(({ state }) => state !== 'attached');
        await until(gone, { what: 'the loader to report that the interface left' });
      });
      await delay(random.integer(0, 100));
      await lab.cable.move(home);
    });
    return () => elsewhere.dispose();
  },
};

const jumbo: Kind = {
  name: 'mtu-9000',
  weight: 1,
  async inject(lab, random) {
    await lab.cable.setMtu(9000);
    await delay(random.integer(0, 100));
    return () => lab.cable.setMtu(1500);
  },
};

const enslaved: Kind = {
  name: 'interface-joins-bridge',
  weight: 1,
  async inject(lab, random) {
    const { device, at } = lab.cable;
    await lab.outage(() =>
      at.ip('link add br0 type bridge', 'link set br0 arp off multicast off up', `link set ${device} master br0`),
    );
    await delay(random.integer(0, 200));
    return () => lab.outage(() => at.ip(`link set ${device} nomaster`, 'link delete br0'));
  },
};

export const INTERFACE_KINDS: readonly Kind[] = [
  recreated,
  flapping,
  recreatedWhileFrozen,
  recreatedWhileDead,
  down,
  renamed,
  moved,
  jumbo,
  enslaved,
];
