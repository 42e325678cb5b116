'use client';

import { clsx } from 'clsx';
import Link from 'next/link';
import { usePathname, useRouter } from 'next/navigation';
import { useKeys } from '../../ui/keys/keys.ts';
import './nav.css';

const PAGES = [
  { href: '/', label: 'Live', keys: 'g l' },
  { href: '/rules', label: 'Rules', keys: 'g r' },
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
        <Link
          key={href}
          href={href}
          // Prefetching would add the other pages' files to the first load.
          prefetch={false}
          className={clsx('nav-link', path === href && 'nav-current')}
          {...(path === href && { 'aria-current': 'page' as const })}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
