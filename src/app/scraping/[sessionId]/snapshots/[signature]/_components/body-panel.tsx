'use client';

import { ActionIcon, Group, Text, TextInput } from '@mantine/core';
import { IconCheck, IconChevronDown, IconChevronUp, IconCopy, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { CopyText } from '#components/copy-text.tsx';
import { formatBytes } from '#components/format.ts';
import { Panel } from '#components/panel.tsx';
import { findInText, MATCHES_MAX, type TextPart } from './find-in-text.ts';
import { showControls } from './show-controls.ts';
import classes from './snapshot.module.css';

/** The page as it came, as text with a search: nothing of it is ever run, loaded or laid out. */
export function BodyPanel({ body }: { body: string }) {
  const text = useMemo(() => showControls(body), [body]);
  const [wanted, setWanted] = useState('');
  const [current, setCurrent] = useState(0);
  const looking = useDeferredValue(wanted);
  const parts = useMemo(() => findInText(text, looking), [text, looking]);
  const count = parts.filter(({ match }) => match !== null).length;
  const change = (next: string) => {
    setWanted(next);
    setCurrent(0);
  };
  const step = (by: number) => count > 0 && setCurrent((at) => (at + by + count) % count);
  return (
    <Panel
      title="Page"
      hint={body === '' ? 'empty' : `${formatBytes(new Blob([body]).size)}, at most 64 KiB are kept`}
      flush
      actions={
        <Group gap={4} wrap="nowrap">
          <SearchField wanted={wanted} onChange={change} onStep={step} />
          <MatchCount wanted={looking} count={count} current={current} />
          <StepButton label="Previous match" icon={IconChevronUp} disabled={count === 0} onStep={() => step(-1)} />
          <StepButton label="Next match" icon={IconChevronDown} disabled={count === 0} onStep={() => step(1)} />
          <CopyBody body={body} />
        </Group>
      }
    >
      <BodyText parts={parts} current={count === 0 ? null : current} />
    </Panel>
  );
}

function BodyText({ parts, current }: { parts: readonly TextPart[]; current: number | null }) {
  const marked = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another match, or another text, is what moves the view
  useEffect(() => {
    marked.current?.scrollIntoView({ block: 'nearest' });
  }, [current, parts]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.body} tabIndex={0} aria-label="The page as text">
      {parts.map(({ text, match }, index) =>
        match === null ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
          <span key={index}>{text}</span>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
          <mark key={index} ref={match === current ? marked : null} data-current={match === current || undefined}>
            {text}
          </mark>
        ),
      )}
    </section>
  );
}

interface SearchFieldProps {
  wanted: string;
  onChange: (wanted: string) => void;
  onStep: (by: number) => void;
}

function SearchField({ wanted, onChange, onStep }: SearchFieldProps) {
  const stepOnEnter = (event: KeyboardEvent) => {
    if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
  };
  return (
    <TextInput
      aria-label="Search in the page"
      placeholder="Search"
      size="xs"
      w={150}
      maxLength={200}
      value={wanted}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={stepOnEnter}
      leftSection={<IconSearch size={14} aria-hidden />}
    />
  );
}

function MatchCount({ wanted, count, current }: { wanted: string; count: number; current: number }) {
  return (
    <Text size="xs" c="dimmed" miw={56} ta="right" role="status" style={{ fontVariantNumeric: 'tabular-nums' }}>
      {wanted === '' ? '' : countInWords(count, current)}
    </Text>
  );
}

function countInWords(count: number, current: number): string {
  if (count === 0) return 'none';
  return `${current + 1} of ${count}${count === MATCHES_MAX ? '+' : ''}`;
}

interface StepButtonProps {
  label: string;
  icon: typeof IconChevronUp;
  disabled: boolean;
  onStep: () => void;
}

function StepButton({ label, icon: Icon, disabled, onStep }: StepButtonProps) {
  return (
    <ActionIcon variant="subtle" color="gray" size={26} aria-label={label} disabled={disabled} onClick={onStep}>
      <Icon size={16} />
    </ActionIcon>
  );
}

function CopyBody({ body }: { body: string }) {
  return (
    <CopyText value={body}>
      {({ copied, copy }) => (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={26}
          aria-label={copied ? 'Copied' : 'Copy the page'}
          title={copied ? 'Copied' : 'Copy the page'}
          onClick={copy}
        >
          {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        </ActionIcon>
      )}
    </CopyText>
  );
}
