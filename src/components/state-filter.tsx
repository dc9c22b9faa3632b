import { Button, Group, Text } from '@mantine/core';
import { formatCount } from './format.ts';

export interface StateChoice<State extends string> {
  state: State;
  word: string;
  count: number;
}

export interface StateFilterProps<State extends string> {
  label: string;
  /** States without anything in them are left out, unless chosen. */
  choices: readonly StateChoice<State>[];
  /** Null: all. */
  value: State | null;
  onChange: (state: State | null) => void;
}

/** One button per state with its count; pressing the chosen one again shows all. */
export function StateFilter<State extends string>({ label, choices, value, onChange }: StateFilterProps<State>) {
  const total = choices.reduce((sum, { count }) => sum + count, 0);
  const shown = choices.filter(({ state, count }) => count > 0 || state === value);
  return (
    <Group role="group" aria-label={label} gap={4}>
      <Choice word="All" count={total} pressed={value === null} onPress={() => onChange(null)} />
      {shown.map(({ state, word, count }) => (
        <Choice
          key={state}
          word={word}
          count={count}
          pressed={state === value}
          onPress={() => onChange(state === value ? null : state)}
        />
      ))}
    </Group>
  );
}

function Choice(props: { word: string; count: number; pressed: boolean; onPress: () => void }) {
  return (
    <Button
      size="compact-xs"
      variant={props.pressed ? 'filled' : 'default'}
      aria-pressed={props.pressed}
      onClick={props.onPress}
    >
      {props.word}
      <Text span inherit fw={400} ml={6} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {formatCount(props.count)}
      </Text>
    </Button>
  );
}
