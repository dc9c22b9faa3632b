-- All locks first, and only for a moment each: no statement of the queue may wait for a table of this while this waits for one of its own.
-- Batches come before sessions and those before leads, as in the transactions that start a scrape and that save leads.
LOCK TABLE "session_batches" IN SHARE MODE;
--> statement-breakpoint
LOCK TABLE "scraping_sessions", "nodes", "worker_instances" IN ACCESS EXCLUSIVE MODE;
--> statement-breakpoint
LOCK TABLE "leads" IN SHARE MODE;
--> statement-breakpoint
ALTER TABLE "scraping_sessions" ADD COLUMN "ready_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "scraping_sessions" ADD COLUMN "forgiven_claims" integer;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "token_id" bigint;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "lease_ms" integer DEFAULT 30000 NOT NULL;--> statement-breakpoint
ALTER TABLE "worker_instances" ADD COLUMN "process_started_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "leads_state" ON "leads" USING btree (lower("state"),"id");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "session_batches_created_at" ON "session_batches" USING btree ("created_at");
--> statement-breakpoint
-- Since when a session can be claimed is noted where it becomes claimable, whoever makes it so. A new one can be from its creation on;
-- what sleeps or stands in a line first comes through here.
CREATE FUNCTION note_ready() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.ready_at := clock_timestamp();
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER scraping_sessions_note_ready BEFORE UPDATE OF wake_at ON scraping_sessions FOR EACH ROW
WHEN (NEW.status = 'pending' AND NEW.wake_at IS NULL AND (OLD.status <> 'pending' OR OLD.wake_at IS NOT NULL))
EXECUTE FUNCTION note_ready();
