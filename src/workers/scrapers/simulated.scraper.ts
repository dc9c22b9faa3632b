import { createHash, randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { InvalidInputError, NetworkError } from '#lib/errors.ts';
import type { FieldProvenance, LeadDraft } from '#lib/leads/lead.ts';
import { createRandom } from '#lib/random.ts';
import { BaseScraper } from '#lib/scrapers/base-scraper.ts';
import { type SimulatedParams, simulatedParamsSchema } from '#lib/sources/simulated-params.ts';

/** Where an attempt has got to; the seed is kept, so that all attempts of a session tell the same story. */
interface Cursor {
  seed: number;
  /** Attempts that failed on purpose. */
  failures: number;
  /** Steps that are done and saved. */
  step: number;
}

/** A session takes so many steps of the same length, and saves after each. */
const STEPS = 10;

/**
 * A source for trying the system out: it waits, saves made-up people and fails now and then, and asks nobody anything.
 * Its leads bear the demo's mark and go with the demo data.
 */
export class SimulatedScraper extends BaseScraper {
  readonly source = 'simulated';

  protected async scrape(location: string): Promise<void> {
    const params = parseParams(this.params);
    const cursor = (this.cursor as Cursor | null) ?? {
      seed: params.seed ?? randomInt(2 ** 32),
      failures: 0,
      step: 0,
    };
    const failsAt = drawFailure(params, cursor, location);
    while (cursor.step < STEPS) {
      if (params.durationMs > 0) await wait(params.durationMs / STEPS, undefined, { signal: this.signal });
      if (cursor.step === failsAt) await this.#fail(cursor);
      for (const lead of leadsOfStep(params, cursor, location)) this.emitLead(lead);
      cursor.step += 1;
      const message = `Simulated: step ${cursor.step} of ${STEPS}`;
      await this.checkpoint({ ...cursor }, { progress: { message, done: cursor.step, total: STEPS } });
    }
  }

  /** The failure is counted first, so that the next attempt draws again. */
  async #fail(cursor: Cursor): Promise<never> {
    cursor.failures += 1;
    await this.checkpoint({ ...cursor });
    throw new NetworkError(`A failure was simulated at step ${cursor.step + 1} of ${STEPS}; nothing is wrong.`, {
      context: { seed: cursor.seed, failures: cursor.failures },
    });
  }
}

/** The step at which this attempt shall fail; null for none. */
function drawFailure({ failureRate }: SimulatedParams, cursor: Cursor, location: string): number | null {
  const random = createRandom(hash(`${cursor.seed}/${location}/${cursor.failures}`));
  const fails = random() < failureRate;
  return fails ? cursor.step + Math.floor(random() * (STEPS - cursor.step)) : null;
}

function leadsOfStep({ leads }: SimulatedParams, { seed, step }: Cursor, location: string): LeadDraft[] {
  const first = Math.floor((leads * step) / STEPS);
  const end = Math.floor((leads * (step + 1)) / STEPS);
  return Array.from({ length: end - first }, (_, index) => makeLead(seed, location, first + index));
}

/** 555-0100 to 555-0199 are set aside for fiction, as is example.com. */
function makeLead(seed: number, location: string, index: number): LeadDraft {
  const random = createRandom(hash(`${seed}/${location}/lead/${index}`));
  const number = 1 + Math.floor(random() * 99_999);
  const sourceRowId = `${seed}-${hash(location)}-${index}`;
  const sourceUrl = 'https://example.com/simulated';
  const origin: FieldProvenance = { sourceUrl, sourceRowId, rule: 'made up', fetchedAt: new Date().toISOString() };
  return {
    portal: 'simulated',
    sourceRowId,
    contactKey: '',
    sourceUrl,
    role: 'simulated',
    name: `Simulated Person ${number}`,
    email: `simulated.person.${number}@example.com`,
    phone: `(404) 555-01${String(number % 100).padStart(2, '0')}`,
    request: 'Made up to try the system out: nobody to call',
    city: location,
    demo: true,
    provenance: { name: origin, email: origin, phone: origin, request: origin, city: origin },
  };
}

/** 32 bits. */
function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

function parseParams(params: Record<string, unknown>): SimulatedParams {
  const parsed = simulatedParamsSchema.safeParse(params);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `params.${issue.path.join('.')}: ${issue.message}`);
  throw new InvalidInputError(problems.join('; '), { context: { params } });
}
