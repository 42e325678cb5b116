'use client';

import { clsx } from 'clsx';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import './nav.css';

const PAGES = [
  { href: '/', label: 'Live' },
  { href: '/rules', label: 'Rules' },
] as const;

/** The pages. The connection goes on while one changes to the other. */
export function Nav() {
  const path = usePathname().replace(/(.)\/$/, '$1');
  return (
    <nav className="nav" aria-label="Pages">
      {PAGES.map(({ href, label }) => (
        <Link
          key={href}
          href={href}
          className={clsx('nav-link', path === href && 'nav-current')}
          {...(path === href && { 'aria-current': 'page' as const })}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
