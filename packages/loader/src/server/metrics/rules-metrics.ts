/** The rules as metrics: counters of single rules, for a bounded number of them, and the state of all. */
import { RULE_ACTIONS, type RulesSnapshot, rulesAlarmSchema } from '@packetlog/common';
import type { Registry } from 'prom-client';
import { counter, flag, gauge, type Sample } from './sampled-metric.ts';

/** Rules with a series each, in the order of their ids: a series then lasts as long as its rule. */
export const MAX_RULE_SERIES = 500;

const ALARM_CODES = rulesAlarmSchema.shape.code.options;

export function rulesMetrics(registry: Registry, rules: () => RulesSnapshot | undefined): void {
  ruleCounters(registry, rules);
  gauge(registry, {
    name: 'packetlog_rules',
    help: 'Rules that have not expired, by action.',
    labels: ['action'],
    samples: function* () {
      const snapshot = rules();
      if (snapshot === undefined) return;
      for (const action of RULE_ACTIONS) {
        yield [[action], snapshot.rules.filter((rule) => rule.action === action).length];
      }
    },
  });
  gauge(registry, {
    name: 'packetlog_rules_in_force',
    help: 'Whether the kernel enforces exactly the rules of the loader (1) or not (0); 1 also if there are none.',
    samples: () => [[[], flag(rules()?.in_force?.is_current ?? true)]],
  });
  gauge(registry, {
    name: 'packetlog_rules_default_policy',
    help: 'The default policy: the series with the value 1.',
    labels: ['policy'],
    samples: function* () {
      const snapshot = rules();
      if (snapshot === undefined) return;
      for (const policy of ['permit', 'deny'] as const) yield [[policy], flag(snapshot.default_policy === policy)];
    },
  });
  gauge(registry, {
    name: 'packetlog_rules_unconfirmed',
    help: 'Whether a change of the rules waits for confirmation (1) or not (0).',
    samples: () => [[[], flag(rules()?.pending !== undefined)]],
  });
  gauge(registry, {
    name: 'packetlog_alarms',
    help: 'Alarms of the rules that are not resolved, by code.',
    labels: ['code'],
    samples: () => {
      const alarms = rules()?.alarms ?? [];
      return ALARM_CODES.map((code): Sample => [[code], alarms.filter((alarm) => alarm.code === code).length]);
    },
  });
}

function ruleCounters(registry: Registry, rules: () => RulesSnapshot | undefined): void {
  const shown = () => [...(rules()?.rules ?? [])].sort((a, b) => a.id - b.id).slice(0, MAX_RULE_SERIES);
  const each = (of: 'packets' | 'bytes') => () =>
    shown().map((rule): Sample => [[String(rule.id), rule.action], rule[of]]);
  counter(registry, {
    name: 'packetlog_rule_packets_total',
    help: 'Packets that a rule decided, or a limit saw, since it was added.',
    labels: ['rule', 'action'],
    samples: each('packets'),
  });
  counter(registry, {
    name: 'packetlog_rule_bytes_total',
    help: 'Bytes of the packets that a rule decided, or a limit saw, since it was added.',
    labels: ['rule', 'action'],
    samples: each('bytes'),
  });
  const over = (of: 'over_packets' | 'over_bytes') => () =>
    shown().flatMap((rule): Sample[] => (rule.action === 'limit' ? [[[String(rule.id)], rule[of] ?? 0]] : []));
  counter(registry, {
    name: 'packetlog_limit_over_packets_total',
    help: 'Packets over a limit since it was added: denied, or only marked.',
    labels: ['rule'],
    samples: over('over_packets'),
  });
  counter(registry, {
    name: 'packetlog_limit_over_bytes_total',
    help: 'Bytes of the packets over a limit since it was added.',
    labels: ['rule'],
    samples: over('over_bytes'),
  });
  gauge(registry, {
    name: 'packetlog_rules_without_series',
    help: `Rules that have no series, because there are more than ${MAX_RULE_SERIES}.`,
    samples: () => [[[], Math.max(0, (rules()?.rules.length ?? 0) - MAX_RULE_SERIES)]],
  });
}
