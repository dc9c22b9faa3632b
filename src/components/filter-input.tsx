'use client';

import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTypedEarly } from './use-typed-early.ts';

/** How long to wait for the next key. */
const TYPING_MS = 300;

export interface FilterInputProps {
  label: string;
  placeholder: string;
  value: string | null;
  onChange: (value: string | null) => void;
  /** In pixels; all there is unless given. */
  width?: number;
}

/** A text filter that applies when typing pauses. */
export function FilterInput({ label, placeholder, value, onChange, width }: FilterInputProps) {
  const [text, setText] = useState(value ?? '');
  const apply = useDebouncedCallback((next: string) => onChange(next.trim() || null), TYPING_MS);
  // The filter may change without us: by Back, or by "Clear filters". What is being typed stays as it is.
  useEffect(() => setText((typed) => (typed.trim() === (value ?? '') ? typed : (value ?? ''))), [value]);
  const change = (next: string) => {
    setText(next);
    apply(next);
  };
  const field = useRef<HTMLInputElement>(null);
  useTypedEarly(() => field.current, text, change);
  return (
    <TextInput
      ref={field}
      aria-label={label}
      placeholder={placeholder}
      size="sm"
      w={width ?? '100%'}
      maw="100%"
      maxLength={200}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      // Whatever is pressed next finds the filter as it was typed, and "Clear filters" does not come before it.
      onBlur={apply.flush}
      leftSection={<IconSearch size={15} aria-hidden />}
      rightSection={
        text === '' ? null : <CloseButton size="sm" aria-label={`Clear: ${label}`} onClick={() => change('')} />
      }
    />
  );
}
