import { describe, expect, it } from 'vitest';
import { type FailureMarks, failureSignature } from './failure-signature.ts';

const MARKS: FailureMarks = {
  source: 'permits',
  hostKey: 'example.com',
  verdict: 'blocked',
  status: 403,
  rules: ['akamai-block', 'cdn-refusal'],
  title: 'Access denied: reference #18.1a2b',
};
const signatureOf = (more: Partial<FailureMarks> = {}) => failureSignature({ ...MARKS, ...more });

describe('failureSignature', () => {
  it('is the SHA-256 of a failure in hex', () => {
    expect(signatureOf()).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Partial<FailureMarks>]>([
    ['the order of rules', { rules: ['cdn-refusal', 'akamai-block'] }],
    ['a rule named twice', { rules: ['akamai-block', 'cdn-refusal', 'akamai-block'] }],
    ['numbers in the title', { title: 'Access denied: reference #99.ffff0' }],
    ['white space and case in the title', { title: ' ACCESS   denied:\nreference #1 ' }],
  ])('is the same whatever %s', (_says, more) => {
    expect(signatureOf(more)).toBe(signatureOf());
  });

  it.each<[string, Partial<FailureMarks>]>([
    ['source', { source: 'reddit' }],
    ['host', { hostKey: 'example.org' }],
    ['verdict', { verdict: 'layout-changed' }],
    ['status', { status: 200 }],
    ['rules', { rules: ['akamai-block'] }],
    ['title', { title: 'Just a moment' }],
    ['a field that runs into the next', { source: 'permits","example.com', hostKey: '' }],
  ])('differs with its %s', (_says, more) => {
    expect(signatureOf(more)).not.toBe(signatureOf());
  });
});
