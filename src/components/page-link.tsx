'use client';

import { Anchor, type AnchorProps } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';

export interface PageLinkProps extends AnchorProps {
  href: string;
  children: ReactNode;
  'aria-label'?: string;
}

/** A link to a page of ours. */
export function PageLink(props: PageLinkProps) {
  return <Anchor component={Link} {...props} />;
}
