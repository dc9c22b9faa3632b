import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from './shell-word.ts';

it('leaves a plain word as it is', () => {
  expect(shellWord('node-1.example.com')).toBe('node-1.example.com');
});

it.each(['office one', "the boss's", '$HOME', '`date`', 'a;b', '', 'büro', '*', '~'])(
  'lets a shell read "%s" back',
  (text) => {
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' });
    expect(stdout).toBe(text);
  },
);
