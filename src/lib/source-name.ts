import { z } from 'zod';

/** The form of a source's name: of ours (SOURCE_NAMES), and of those that only bots know. */
export const sourceNameSchema = z
  .string('must be the name of a source')
  .regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'must be a name of lower-case letters, digits and hyphens, at most 50');
