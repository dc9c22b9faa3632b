import { z } from 'zod';

/** One thing that a worker can ask of a server: what it sends and what it gets, as JSON on the way and as our types at both ends. */
export interface Call<Args extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> {
  args: Args;
  answer: Answer;
}

export function call<Shape extends z.ZodRawShape, Answer extends z.ZodType>(
  shape: Shape,
  answer: Answer,
): Call<z.ZodObject<Shape, z.core.$strict>, Answer> {
  return { args: z.strictObject(shape), answer };
}

/** Of a call that is answered with nothing. */
export const nothing = z.null();

export const id = z.int().min(1);
export const count = z.int().min(0);
export const ms = z.number().min(0);
export const name = z.string().min(1).max(300);
export const words = z.string();

/** Milliseconds since 1970 on the way. */
export const instant = z.codec(z.number(), z.date(), {
  decode: (since) => new Date(since),
  encode: (date) => date.getTime(),
});

/** Base64 on the way. */
export const bytes = z.codec(z.base64(), z.custom<Buffer>(Buffer.isBuffer), {
  decode: (text) => Buffer.from(text, 'base64'),
  encode: (buffer) => buffer.toString('base64'),
});

/** A set of ids: a list on the way. */
export const idSet = z.codec(z.array(id), z.set(id), {
  decode: (ids) => new Set(ids),
  encode: (ids) => [...ids],
});
