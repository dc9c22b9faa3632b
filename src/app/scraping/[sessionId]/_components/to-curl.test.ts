import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { toCurl } from './to-curl.ts';

describe('toCurl', () => {
  it('survives a shell, quotes and dollar signs in the location included', () => {
    const session = {
      location: `O'Brien $(id) "county"`,
      source: 'permits',
      params: { signal: ['solar'] },
      priority: 5,
    };
    const command = toCurl(session, 'http://127.0.0.1:3000');
    const output = execFileSync('sh', ['-c', command.replace(/^curl/, `printf '%s\\n'`)], {
      env: { ...process.env, ADMIN_TOKEN: 'secret' },
    });
    const words = output.toString().trimEnd().split('\n');
    expect(words.slice(0, 4)).toEqual(['-X', 'POST', 'http://127.0.0.1:3000/api/scraping/trigger', '-H']);
    expect(JSON.parse(words.at(-1) ?? '')).toEqual({
      location: session.location,
      sources: ['permits'],
      params: { signal: ['solar'] },
      priority: 5,
    });
  });

  it('keeps the token out of the text', () => {
    expect(toCurl({ location: 'Georgia', source: 'permits', params: {}, priority: 0 }, '')).toContain('$ADMIN_TOKEN');
  });
});
