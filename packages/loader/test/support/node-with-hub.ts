/** The parts of a node that a hub meets: the core's fleet, and the uplink of the server process. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Generation, NodeRules, ShipLedger } from '@packetlog/common/fleet';
import type { Generations } from '../../src/fleet/fleet-parts.ts';
import { NodeFleet } from '../../src/fleet/node-fleet.ts';
import type { FleetQuestion, HubExchange } from '../../src/ipc/fleet/fleet-access.ts';
import type { FleetSettings } from '../../src/ipc/fleet/fleet-settings.ts';
import { statePaths } from '../../src/rules/store/state-directory.ts';
import { EncodedAnswer } from '../../src/server/answer-encoding.ts';
import { Uplink } from '../../src/uplink/uplink.ts';
import type { FakeHub } from './fake-hub.ts';
import { hello } from './server-fixture.ts';

export interface NodeOptions {
  readonly urls?: readonly string[];
  /** Join with a token of this hub. */
  readonly token?: boolean;
  readonly name?: string;
  readonly trust?: Partial<Pick<FleetSettings, 'ca' | 'fingerprints'>>;
  readonly generations?: Partial<Generations>;
  readonly ship?: ShipLedger;
}

export interface NodeOfHub {
  readonly fleet: NodeFleet;
  readonly uplink: Uplink;
  readonly directory: string;
  readonly received: Generation[];
  readonly served: Socket[];
  readonly asked: unknown[];
  readonly exchanges: HubExchange[][];
  readonly warnings: object[];
  rules: NodeRules;
  close(): void;
}

/** Starts to dial. */
export function nodeOf(hub: FakeHub, options: NodeOptions = {}, directory?: string): NodeOfHub {
  const { urls = [hub.url], token = true, name = 'web1', trust, generations, ship } = options;
  const kept = directory ?? mkdtempSync(join(tmpdir(), 'packetlog-node-'));
  const lists = {
    received: [] as Generation[],
    served: [] as Socket[],
    asked: [] as unknown[],
    exchanges: [] as HubExchange[][],
    warnings: [] as object[],
  };
  let rules: NodeRules = { revision: 1 };
  const fleet: NodeFleet = new NodeFleet({
    ...{ urls, name, version: '1', bootId: 'boot' },
    joinToken: token ? { id: 'abcd2345', secret: 's'.repeat(43), hubKeyDigest: hub.keyDigest } : undefined,
    paths: statePaths({ PACKETLOG_STATE_DIR: kept }),
    generations: {
      receive: async (generation) => {
        lists.received.push(generation);
        rules = { ...rules, answer: { number: generation.number, state: 'in_force' } };
        return rules;
      },
      confirm: async ({ number }) => ({ ...rules, answer: { number, state: 'in_force' } }),
      repair: async () => ({ ...rules, drift: [] }),
      rules: () => rules,
      begin: () => {},
      rulesChanged: () => {},
      ...generations,
    },
    shipments: () => ship && { next: async () => undefined, shipped: async () => {}, ledger: () => ship },
    changed: (state) => uplink.fleetChanged(state),
    report: () => {},
    failed: (error) => {
      throw error;
    },
    reached: () => {},
    unreached: () => {},
  });
  const uplink = new Uplink({
    settings: { hubs: urls.map((url) => ({ url })), ca: undefined, fingerprints: [], ...trust },
    hello,
    core: (question) => fleet.ask(question as FleetQuestion),
    exchanged: (hubs) => {
      fleet.exchanged(hubs);
      lists.exchanges.push(hubs);
    },
    ask: async (event, request) => {
      lists.asked.push([event, request]);
      return EncodedAnswer.of({ ok: true, value: event });
    },
    serve: (socket) => lists.served.push(socket),
    lines: { warn: (facts) => lists.warnings.push(facts) },
  });
  uplink.fleetChanged(fleet.state());
  uplink.start();
  return {
    ...{ fleet, uplink, directory: kept, ...lists },
    get rules() {
      return rules;
    },
    set rules(changed) {
      rules = changed;
      fleet.changed();
    },
    close: () => {
      uplink.close();
      if (directory === undefined) rmSync(kept, { recursive: true });
    },
  };
}
