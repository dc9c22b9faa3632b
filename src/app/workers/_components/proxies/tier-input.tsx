import { NumberInput } from '@mantine/core';

const TIER_MAX = 99;

export function TierInput({ value, onChange }: { value: number; onChange: (tier: number) => void }) {
  return (
    <NumberInput
      label="Tier"
      description="Lower ones are used first; put what costs money higher."
      min={0}
      max={TIER_MAX}
      clampBehavior="strict"
      allowDecimal={false}
      w={{ base: '100%', xs: 220 }}
      value={value}
      onChange={(next) => onChange(typeof next === 'number' ? next : 0)}
    />
  );
}
