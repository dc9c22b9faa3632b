'use client';

import { NavLink } from '@mantine/core';
import { IconCalendarClock, IconCpu, IconRadar2, IconUsersGroup } from '@tabler/icons-react';
import Link from 'next/link';

const PAGES = [
  { href: '/scraping', label: 'Scraping', icon: IconRadar2 },
  { href: '/schedules', label: 'Schedules', icon: IconCalendarClock },
  { href: '/leads', label: 'Leads', icon: IconUsersGroup },
  { href: '/workers', label: 'Workers', icon: IconCpu },
];

export function MainNavigation({ pathname }: { pathname: string }) {
  return (
    <nav aria-label="Main">
      {PAGES.map(({ href, label, icon: Icon }) => {
        const active = pathname === href || pathname.startsWith(`${href}/`);
        return (
          <NavLink
            key={href}
            component={Link}
            href={href}
            label={label}
            active={active}
            aria-current={active ? 'page' : undefined}
            leftSection={<Icon size={18} stroke={1.8} aria-hidden />}
            style={{ borderRadius: 'var(--mantine-radius-md)' }}
            mb={2}
          />
        );
      })}
    </nav>
  );
}
