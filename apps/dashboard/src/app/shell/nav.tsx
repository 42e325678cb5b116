'use client';

import { clsx } from 'clsx';
import { usePathname, useRouter } from 'next/navigation';
import { useSnapshot } from '../../node/live-context.tsx';
import { activeBans } from '../../node/state/active-bans.ts';
import { formatCount } from '../../text/number.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { PageLink } from '../../ui/page-link.tsx';
import './nav.css';

const PAGES = [
  { href: '/', label: 'Live', keys: 'g l' },
  { href: '/rules', label: 'Rules', keys: 'g r' },
  { href: '/defence', label: 'Defence', keys: 'g d' },
  { href: '/nodes', label: 'Nodes', keys: 'g n' },
] as const;

/** Links to the pages. The connection stays open while pages change. */
export function Nav() {
  const path = usePathname().replace(/(.)\/$/, '$1');
  const router = useRouter();
  useKeys(
    'app',
    PAGES.map(({ href, label, keys }) => ({
      keys: [keys],
      name: `Go to ${label}`,
      group: 'Pages',
      run: () => router.push(href),
    })),
  );
  return (
    <nav className="nav" aria-label="Pages">
      {PAGES.map(({ href, label }) => (
        <PageLink
          key={href}
          href={href}
          className={clsx('nav-link', path === href && 'nav-current')}
          {...(path === href && { 'aria-current': 'page' as const })}
        >
          {label}
          {href === '/defence' && <BanCount />}
        </PageLink>
      ))}
    </nav>
  );
}

/** The number of bans in force; nothing while there is none. */
function BanCount() {
  const bans = useSnapshot(({ figures }) => activeBans(figures.bans));
  if (bans === 0) return null;
  const title = bans === 1 ? '1 ban in force' : `${formatCount(bans)} bans in force`;
  return (
    <span className="nav-count font-mono" title={title} data-testid="ban-count">
      {formatCount(bans)}
      <span className="sr-only"> bans in force</span>
    </span>
  );
}
