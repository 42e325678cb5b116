'use client';

import dynamic from 'next/dynamic';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { loadDenySource, loadRuleForm } from '../rules/index.ts';
import type { DenyTarget } from './range-lists.ts';

const DenySource = dynamic(() => lazyWithRetry(loadDenySource).then(({ DenySource }) => DenySource), { ssr: false });
const RuleFormSheet = dynamic(() => lazyWithRetry(loadRuleForm).then(({ RuleFormSheet }) => RuleFormSheet), {
  ssr: false,
});

/** The form to deny an entry of a list. */
export function DenyForm({ target, onClose }: { target: DenyTarget; onClose: () => void }) {
  if ('address' in target) return <DenySource addr={target.address} onClose={onClose} />;
  return <RuleFormSheet filled={target.fields} onClose={onClose} />;
}
