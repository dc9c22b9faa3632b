import { Anchor, type AnchorProps } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';

const SCHEMES = ['http:', 'https:', 'mailto:', 'tel:'];

/** The address if a click may follow it; null for javascript:, data: and whatever else a site may have written. */
export function safeHref(address: string): string | null {
  const url = URL.parse(address);
  return url !== null && SCHEMES.includes(url.protocol) ? url.href : null;
}

/** A link to a foreign page. Text that is no such link is shown as text. */
export function ExternalLink({ href, children, ...props }: AnchorProps & { href: string; children: ReactNode }) {
  const safe = safeHref(href);
  if (safe === null) return <span>{children}</span>;
  return (
    <Anchor {...props} href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children} <IconExternalLink size={13} aria-label="(opens a new tab)" style={{ verticalAlign: '-2px' }} />
    </Anchor>
  );
}

/** Calls or writes with one click. */
export function ContactLink({ href, children, ...props }: AnchorProps & { href: string; children: ReactNode }) {
  const safe = safeHref(href);
  if (safe === null) return <span>{children}</span>;
  return (
    <Anchor {...props} href={safe} rel="noopener noreferrer nofollow">
      {children}
    </Anchor>
  );
}
