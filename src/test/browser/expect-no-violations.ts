import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/**
 * Lets axe look at the page as it is now.
 * @param what Said with each violation.
 * @param rules All unless given.
 */
export async function expectNoViolations(page: Page, what: string, rules?: string[]): Promise<void> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  expect(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes[0]?.html}`)).toEqual([]);
}

/** The same page in both colour schemes: only the contrast of its colours can differ in the second. */
export async function expectNoViolationsInBoth(page: Page, what: string, open: () => Promise<void>): Promise<void> {
  for (const [colorScheme, rules] of [['light'], ['dark', ['color-contrast']]] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await open();
    await expectNoViolations(page, `${what}, ${colorScheme}`, rules && [...rules]);
  }
}
