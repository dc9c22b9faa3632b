import { describe, expect, it } from 'vitest';
import { listeningInodes } from '../port-holder.ts';
import { parsePidFile } from './cluster.ts';
import { parsePasswd } from './os-user.ts';

describe('parsePidFile', () => {
  it('reads process, start, port and state', () => {
    const text = '4711\n/data\n1700000000\n5433\n\n127.0.0.1\n  5433001    32769\nready   \n';
    expect(parsePidFile(text)).toEqual({ pid: 4711, startedAt: 1_700_000_000, port: 5433, status: 'ready' });
  });

  it.each(['', 'abc', '-5\n', '0\n'])('takes %j for no pid file', (text) => expect(parsePidFile(text)).toBeNull());
});

describe('parsePasswd', () => {
  it('finds a user, and never takes root for one', () => {
    const passwd = 'root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/nowhere:/bin/false\n';
    expect(parsePasswd(passwd, 'postgres')).toEqual({ name: 'postgres', uid: 101, gid: 104 });
    expect(parsePasswd(passwd, 'root')).toBeNull();
    expect(parsePasswd(passwd, 'nobody')).toBeNull();
  });
});

describe('listeningInodes', () => {
  it('finds the listening socket of a port and leaves out connections', () => {
    const table = [
      'sl local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode',
      ' 0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 111 1',
      ' 1: 0100007F:0BB8 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 222 1',
    ].join('\n');
    expect(listeningInodes(table, 3000)).toEqual(['111']);
  });
});
