'use client';

import { NativeSelect } from '@mantine/core';
import { LOG_LEVELS, type LogLevel } from '#lib/db/schema/vocabulary.ts';

const WORDS: Record<LogLevel, string> = {
  debug: 'Everything',
  info: 'Info and up',
  warn: 'Warnings and errors',
  error: 'Errors only',
};

export function LogLevelSelect({ level, onChange }: { level: LogLevel; onChange: (level: LogLevel) => void }) {
  return (
    <NativeSelect
      aria-label="Least important lines to show"
      size="xs"
      value={level}
      data={LOG_LEVELS.map((value) => ({ value, label: WORDS[value] }))}
      onChange={(event) => onChange(LOG_LEVELS.find((word) => word === event.currentTarget.value) ?? 'info')}
    />
  );
}
