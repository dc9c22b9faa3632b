import { describe, expect, it } from 'vitest';
import { SqlConditions } from './sql-conditions.ts';

describe('SqlConditions', () => {
  it('keeps values out of the text, also where one is used twice', () => {
    const where = new SqlConditions()
      .add('a = ? or b = ?', "'; drop")
      .add('c = ?', undefined)
      .add('d = ?', false)
      .addIf(true, 'e');
    expect(`${where}`).toBe('(a = $1 or b = $1) and (d = $2) and (e)');
    expect(where.values).toEqual(["'; drop", false]);
    expect(where.bind(5)).toBe('$3');
  });

  it('without conditions is true', () => {
    expect(`${new SqlConditions()}`).toBe('true');
  });
});
