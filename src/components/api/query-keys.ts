import type { QueryKey } from '@tanstack/react-query';
import type { QueryValue } from './api-client.ts';

/** The first part of every key is the topic under which the live stream announces changes. */
export type Topic =
  | 'sessions'
  | 'leads'
  | 'workers'
  | 'portals'
  | 'proxies'
  | 'hosts'
  | 'schedules'
  | 'sources'
  | 'tokens'
  | 'summary'
  | 'account';

/** Keys of the query cache, shared with the pages that fill it on the server for the first paint. */
export const listKey = (topic: Topic, filters: Record<string, QueryValue> = {}): QueryKey => [topic, 'list', filters];
export const oneKey = (topic: Topic, id: number): QueryKey => [topic, 'one', id];
export const topicKey = (topic: Topic): QueryKey => [topic];
/** A change of workers refreshes it as well. */
export const CLUSTER_KEY: QueryKey = ['workers', 'cluster'];
