import { type ReactNode, useEffect, useState } from 'react';
import { notifyProblem } from './notify.tsx';

/** How long "Copied" is shown. */
const SHOWN_MS = 2000;

interface CopyTextProps {
  value: string;
  children: (state: { copied: boolean; copy: () => void }) => ReactNode;
}

/** Copies a text, also on pages that came over plain HTTP from another machine: those have no navigator.clipboard. */
export function CopyText({ value, children }: CopyTextProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    writeText(value).then(
      () => setCopied(true),
      () => notifyProblem(new Error('The browser does not let this page copy. Select the text and copy it by hand.')),
    );
  };
  return children({ copied, copy });
}

async function writeText(text: string): Promise<void> {
  // Typed as if it were always there.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard !== undefined) return await clipboard.writeText(text);
  if (!copySelected(text)) throw new Error('The browser refused to copy');
}

/** The old way: what is selected is copied. */
function copySelected(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.style.position = 'fixed';
  field.style.opacity = '0';
  const focused = document.activeElement;
  // Beside the button, since a dialog takes the focus back from what lies outside.
  (focused?.parentElement ?? document.body).append(field);
  field.select();
  try {
    return document.execCommand('copy');
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
