ALTER TABLE "nodes" ADD COLUMN "token_id" bigint;--> statement-breakpoint
ALTER TABLE "worker_instances" ADD COLUMN "process_started_at" timestamp with time zone;