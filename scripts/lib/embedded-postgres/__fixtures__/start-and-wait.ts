import { startEmbeddedPostgres } from '../embedded-postgres.ts';

const server = await startEmbeddedPostgres(process.argv[2] ?? '', () => {});
process.send?.({ pid: server.pid(), url: server.url, dataFolder: server.dataFolder });
