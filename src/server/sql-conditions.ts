/**
 * Collects the conditions of one statement with their values, so that no value ever stands in the SQL text.
 * Empty means "true".
 */
export class SqlConditions {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** Adds a condition; `?` stands for the value. Skipped when the value is undefined or null. */
  add(condition: string, value: unknown): this {
    if (value === undefined || value === null) return this;
    this.#conditions.push(condition.replaceAll('?', this.bind(value)));
    return this;
  }

  /** Adds a condition without a value when `wanted`. */
  addIf(wanted: boolean | undefined, condition: string): this {
    if (wanted) this.#conditions.push(condition);
    return this;
  }

  /** A placeholder for a value elsewhere in the statement, such as its limit. */
  bind(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  toString(): string {
    return this.#conditions.length === 0 ? 'true' : this.#conditions.map((condition) => `(${condition})`).join(' and ');
  }
}
