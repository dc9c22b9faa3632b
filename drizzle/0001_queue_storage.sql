-- What drizzle cannot say about the storage of the hot tables. Settings only, so it is safe while workers run.

-- A session is written at enqueue, claim, every checkpoint and its end. Room in each page lets checkpoints, which touch no
-- indexed column, update within their page (HOT), and lets the old versions be pruned without a vacuum. Vacuum comes after
-- 2 % of the rows and without its usual pauses: dead entries at the front of the ready index are what makes claims slow.
-- ANALYZE comes early too, because the share of pending rows changes from none to all within seconds.
ALTER TABLE "scraping_sessions" SET (
  fillfactor = 70,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.05
);
--> statement-breakpoint
-- One small row per worker, rewritten every few seconds: half of each page stays free, so that beats stay within it.
ALTER TABLE "worker_instances" SET (
  fillfactor = 50,
  autovacuum_vacuum_threshold = 200,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_cost_delay = 0
);
--> statement-breakpoint
-- Append-only, pruned from its old end: vacuum keeps its pages marked as visible to all.
ALTER TABLE "scraper_metrics" SET (
  autovacuum_vacuum_insert_scale_factor = 0.05
);
