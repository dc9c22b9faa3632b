import { describe, expect, it } from 'vitest';
import { ApiError } from '#components/api/api-client.ts';
import { placeErrors } from '#components/place-errors.ts';
import { type StartValues, toFormField, toTriggerRequest } from './start-form-state.ts';

const values: StartValues = {
  location: ' Georgia ',
  sources: null,
  signals: ['solar', 'battery'],
  since: '',
  maxRows: '',
  priority: '',
};

describe('toTriggerRequest', () => {
  it('sends only what was filled in', () => {
    expect(toTriggerRequest(values)).toEqual({
      location: 'Georgia',
      params: { signal: ['solar', 'battery'] },
    });
  });

  it('sends the options under the names of the API', () => {
    const request = toTriggerRequest({
      ...values,
      sources: ['permits'],
      signals: ['any'],
      since: '2026-01-02',
      maxRows: 500,
      priority: -3,
    });
    expect(request).toMatchObject({
      sources: ['permits'],
      priority: -3,
      params: { signal: 'any', since: '2026-01-02', maxRows: 500 },
    });
  });
});

describe('placeErrors', () => {
  it('puts each message next to its field, list items included', () => {
    const error = new ApiError(422, 'invalid_params', 'all of it', {
      location: 'is unknown',
      'params.signal.0': 'is no signal',
      'params.since': 'is no date',
    });
    expect(placeErrors(error, toFormField)).toEqual({
      fields: { location: 'is unknown', signals: 'is no signal', since: 'is no date' },
      rest: null,
    });
  });

  it('keeps what has no field, and errors without fields, for the form as a whole', () => {
    expect(placeErrors(new ApiError(400, 'x', 'y', { idempotencyKey: 'is too long' }), toFormField).rest).toBe(
      'is too long',
    );
    expect(placeErrors(new Error('The server does not answer'), toFormField).rest).toBe('The server does not answer');
  });
});
