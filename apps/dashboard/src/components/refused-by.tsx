'use client';

import Link from 'next/link';
import { formatCompact } from '../lib/number.ts';
import { matchText, RULE_VERDICT } from '../lib/rules/rule-words.ts';
import { topRules } from '../lib/rules/top-rules.ts';
import { useLive, useSnapshot } from '../live/live-context.tsx';
import { Measure } from './count.tsx';
import { VerdictMark } from './marks.tsx';
import { ruleAddress } from './packet-row.tsx';
import { Sparkline } from './rules/sparkline.tsx';
import './panels.css';

const MOST = 5;

/** Which rules refuse, or would, most often just now. Not there while none does. */
export function RefusedBy() {
  const { store } = useLive();
  useSnapshot(({ rules }) => rules?.interval);
  const rules = topRules(store.rules, MOST);
  if (rules.length === 0) return null;
  return (
    <section className="panel panel-refused" aria-label="Refused by">
      <h2 className="panel-title">
        Refused by
        <span className="text-faint font-normal">last 10 s</span>
      </h2>
      <table className="top">
        <caption className="sr-only">Rules that refuse most often</caption>
        <colgroup>
          <col />
          <col className="w-[68px]" />
          <col className="w-[66px]" />
        </colgroup>
        <thead className="sr-only">
          <tr>
            <th scope="col">rule</th>
            <th scope="col">last minute</th>
            <th scope="col">packets per second</th>
          </tr>
        </thead>
        <tbody>
          {rules.map(({ rule, perSecond }) => (
            <tr key={rule.id}>
              <th
                scope="row"
                title={`rule ${rule.id}: ${matchText(rule)}${rule.reason && `, because: ${rule.reason}`}`}
              >
                <span className="inline-flex items-center gap-2 max-w-full">
                  <VerdictMark verdict={RULE_VERDICT[rule.action]} />
                  <Link href={ruleAddress(rule.id)} prefetch={false} className="rule-link font-mono truncate">
                    {rule.id} <span className="font-sans">{rule.reason || matchText(rule)}</span>
                  </Link>
                </span>
              </th>
              <td className="top-share">
                <Sparkline values={store.rules.history(rule.id)} action={rule.action} width={54} height={12} />
              </td>
              <td className="top-rate">
                <Measure quantity={formatCompact(perSecond)} exact={perSecond} per="/s" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
