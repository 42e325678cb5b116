'use client';

import { clsx } from 'clsx';
import { usePathname, useRouter } from 'next/navigation';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { FLEET } from '../../node/nodes.ts';
import { activeBans } from '../../node/state/active-bans.ts';
import { useNodes } from '../../node/use-nodes.ts';
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

/** Links to the pages. The connection stays open while pages change. At a hub, Fleet leads back from a node to all nodes. */
export function Nav() {
  const path = usePathname().replace(/(.)\/$/, '$1');
  const router = useRouter();
  const { address, nodes } = useLive();
  const { hub, shown } = useNodes();
  const isFleet = shown === FLEET;
  const showFleet = () => {
    if (!isFleet) address.write({ node: null });
    void nodes.show(FLEET);
    if (path !== '/') router.push('/');
  };
  const pages = hub === null ? PAGES : isFleet ? [] : PAGES.filter(({ href }) => href !== '/nodes');
  const fleet = hub === null ? [] : [{ keys: ['g f'], name: 'Go to Fleet', group: 'Pages' as const, run: showFleet }];
  useKeys('app', [
    ...fleet,
    ...pages.map(({ href, label, keys }) => ({
      keys: [keys],
      name: `Go to ${label}`,
      group: 'Pages' as const,
      run: () => router.push(href),
    })),
  ]);
  return (
    <nav className="nav" aria-label="Pages">
      {hub !== null && (
        <button
          type="button"
          className={clsx('nav-link', isFleet && 'nav-current')}
          {...(isFleet && { 'aria-current': 'page' as const })}
          data-testid="go-to-fleet"
          onClick={showFleet}
        >
          Fleet
        </button>
      )}
      {pages.map(({ href, label }) => (
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
