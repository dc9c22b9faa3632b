'use client';

import { AppShell, Burger, Group, ScrollArea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { usePathname } from 'next/navigation';
import { type ReactNode, useEffect } from 'react';
import { AlarmStrip } from './alarm-strip.tsx';
import { Brand } from './brand.tsx';
import { ColorSchemeMenu } from './color-scheme-menu.tsx';
import { EnvironmentBadge } from './environment-badge.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { MainNavigation } from './main-navigation.tsx';
import classes from './shell.module.css';
import { SignOutButton } from './sign-out-button.tsx';

/** The frame around every page but the sign-in page. */
export function Shell({ children }: { children: ReactNode }) {
  const pathname = usePathname();
  if (pathname === '/sign-in') return children;
  return <Frame pathname={pathname}>{children}</Frame>;
}

function Frame({ pathname, children }: { pathname: string; children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes because the page changed
  useEffect(close, [pathname]);
  return (
    <>
      <a href="#content" className={classes.skip}>
        Skip to content
      </a>
      <AppShell
        header={{ height: 52 }}
        navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !opened } }}
        padding={0}
        classNames={{ header: classes.header ?? '', navbar: classes.navbar ?? '', main: classes.main ?? '' }}
      >
        <AppShell.Header>
          <Group h="100%" px="md" gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? 'Close the menu' : 'Open the menu'}
              aria-expanded={opened}
            />
            <Brand />
            <EnvironmentBadge />
            <Group gap="xs" ml="auto" wrap="nowrap">
              <LiveIndicator />
              <ColorSchemeMenu />
              <SignOutButton />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs">
          <AppShell.Section grow component={ScrollArea}>
            <MainNavigation pathname={pathname} />
          </AppShell.Section>
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <AlarmStrip />
          <div className={classes.page}>{children}</div>
        </AppShell.Main>
      </AppShell>
    </>
  );
}
