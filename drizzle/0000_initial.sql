CREATE TABLE "app_settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "auth_sessions" (
	"token_hash" "bytea" PRIMARY KEY NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_links" (
	"token_hash" "bytea" PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "host_pacing" (
	"host_key" text PRIMARY KEY NOT NULL,
	"next_at" timestamp with time zone DEFAULT '-infinity' NOT NULL,
	"backoff_until" timestamp with time zone DEFAULT '-infinity' NOT NULL,
	"backoff_decays_at" timestamp with time zone DEFAULT '-infinity' NOT NULL,
	"limited_since" timestamp with time zone,
	"paused_until" timestamp with time zone,
	"pause_reason" text,
	"gap_ms" integer DEFAULT 2000 NOT NULL,
	"adaptive_ms" integer DEFAULT 0 NOT NULL,
	"max_inflight" smallint DEFAULT 1 NOT NULL,
	"strikes" smallint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "host_slots" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "host_slots_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"host_key" text NOT NULL,
	"worker_id" text NOT NULL,
	"session_id" bigint,
	"start_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "robots_cache" (
	"origin" text PRIMARY KEY NOT NULL,
	"outcome" text NOT NULL,
	"http_status" integer,
	"body" text,
	"reason" text,
	"fetched_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "robots_cache_outcome" CHECK ("robots_cache"."outcome" in ('rules', 'none', 'unreachable'))
);
--> statement-breakpoint
CREATE TABLE "lead_sightings" (
	"session_id" bigint NOT NULL,
	"lead_id" bigint NOT NULL,
	CONSTRAINT "lead_sightings_session_id_lead_id_pk" PRIMARY KEY("session_id","lead_id")
);
--> statement-breakpoint
CREATE TABLE "leads" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "leads_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"lead_key" "bytea" NOT NULL,
	"session_id" bigint NOT NULL,
	"batch_id" uuid NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"value" double precision,
	"seen_count" integer DEFAULT 1 NOT NULL,
	"demo" boolean DEFAULT false NOT NULL,
	"source" text NOT NULL,
	"portal" text NOT NULL,
	"location" text NOT NULL,
	"role" text NOT NULL,
	"name" text,
	"company" text,
	"email" text,
	"phone" text,
	"phone_extension" text,
	"request" text,
	"address" text,
	"city" text,
	"state" text,
	"zip" text,
	"signal" text,
	"source_url" text,
	"source_row_id" text NOT NULL,
	"provenance" jsonb NOT NULL,
	"search" "tsvector" GENERATED ALWAYS AS (to_tsvector('simple', coalesce(name, '') || ' ' || coalesce(company, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(request, '') || ' ' || coalesce(address, '') || ' ' || coalesce(city, '') || ' ' || coalesce(zip, ''))) STORED
);
--> statement-breakpoint
CREATE TABLE "suppressions" (
	"kind" text NOT NULL,
	"value_hash" "bytea" NOT NULL,
	"reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "suppressions_kind_value_hash_pk" PRIMARY KEY("kind","value_hash")
);
--> statement-breakpoint
CREATE TABLE "portal_watermarks" (
	"portal_id" text NOT NULL,
	"scope" text NOT NULL,
	"read_until" timestamp with time zone NOT NULL,
	"session_id" bigint,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "portal_watermarks_portal_id_scope_pk" PRIMARY KEY("portal_id","scope")
);
--> statement-breakpoint
CREATE TABLE "portals" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"county" text,
	"city" text,
	"url" text NOT NULL,
	"fields" jsonb NOT NULL,
	"signal" text,
	"rate_limit_ms" integer,
	"origin" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"note" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "portals_kind" CHECK ("portals"."kind" in ('socrata', 'arcgis', 'ckan')),
	CONSTRAINT "portals_origin" CHECK ("portals"."origin" in ('builtin', 'file', 'api', 'demo'))
);
--> statement-breakpoint
CREATE TABLE "proxy_pool" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "proxy_pool_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"protocol" text NOT NULL,
	"host" text NOT NULL,
	"port" integer NOT NULL,
	"username" text,
	"password_encrypted" text,
	"status" text DEFAULT 'testing' NOT NULL,
	"success_count" integer DEFAULT 0 NOT NULL,
	"failure_count" integer DEFAULT 0 NOT NULL,
	"success_rate" real,
	"avg_response_time_ms" integer,
	"last_checked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"cooling_until" timestamp with time zone,
	"last_error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "proxy_pool_status" CHECK ("proxy_pool"."status" in ('testing', 'active', 'cooling', 'failed', 'disabled'))
);
--> statement-breakpoint
CREATE TABLE "scraper_metrics" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "scraper_metrics_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" bigint NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"claim_number" integer NOT NULL,
	"leads_found" integer DEFAULT 0 NOT NULL,
	"leads_new" integer DEFAULT 0 NOT NULL,
	"requests_made" integer DEFAULT 0 NOT NULL,
	"requests_failed" integer DEFAULT 0 NOT NULL,
	"bytes_received" bigint DEFAULT 0 NOT NULL,
	"duration_ms" integer DEFAULT 0 NOT NULL,
	"source" text NOT NULL,
	"location" text NOT NULL,
	"outcome" text NOT NULL,
	"worker_id" text,
	"proxy_used" text,
	"error" jsonb,
	CONSTRAINT "scraper_metrics_outcome" CHECK ("scraper_metrics"."outcome" in ('completed', 'retry', 'failed', 'timed_out', 'crashed', 'snoozed', 'interrupted', 'lost', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "scraping_sessions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "scraping_sessions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"batch_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"wake_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"timeout_at" timestamp with time zone,
	"claim_number" integer DEFAULT 0 NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"retry_count" integer DEFAULT 0 NOT NULL,
	"max_retries" integer DEFAULT 3 NOT NULL,
	"crash_count" integer DEFAULT 0 NOT NULL,
	"leads_found" integer DEFAULT 0 NOT NULL,
	"leads_new" integer DEFAULT 0 NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"source" text NOT NULL,
	"location" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"worker_id" text,
	"proxy_used" text,
	"status_reason" text,
	"params" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"cursor" jsonb,
	"progress" jsonb,
	"error" jsonb,
	CONSTRAINT "scraping_sessions_status" CHECK ("scraping_sessions"."status" in ('pending', 'running', 'completed', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "session_batches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"idempotency_key" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "session_logs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "session_logs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"claim_number" integer NOT NULL,
	"level" text NOT NULL,
	"worker_id" text,
	"message" text NOT NULL,
	"context" jsonb
);
--> statement-breakpoint
CREATE TABLE "worker_instances" (
	"worker_id" text PRIMARY KEY NOT NULL,
	"node_id" text NOT NULL,
	"hostname" text NOT NULL,
	"pid" integer NOT NULL,
	"manager_pid" integer,
	"status" text DEFAULT 'starting' NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_heartbeat" timestamp with time zone DEFAULT now() NOT NULL,
	"lease_until" timestamp with time zone NOT NULL,
	"stopped_at" timestamp with time zone,
	"stop_reason" text,
	"current_job_id" bigint,
	"active_sessions" integer DEFAULT 0 NOT NULL,
	"concurrency" integer DEFAULT 1 NOT NULL,
	"jobs_processed" integer DEFAULT 0 NOT NULL,
	"jobs_succeeded" integer DEFAULT 0 NOT NULL,
	"jobs_failed" integer DEFAULT 0 NOT NULL,
	"memory_mb" integer,
	"version" text,
	CONSTRAINT "worker_instances_status" CHECK ("worker_instances"."status" in ('starting', 'idle', 'running', 'draining', 'stopped', 'crashed'))
);
--> statement-breakpoint
ALTER TABLE "lead_sightings" ADD CONSTRAINT "lead_sightings_lead_id_leads_id_fk" FOREIGN KEY ("lead_id") REFERENCES "public"."leads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "host_slots_host" ON "host_slots" USING btree ("host_key","expires_at");--> statement-breakpoint
CREATE INDEX "host_slots_worker" ON "host_slots" USING btree ("worker_id");--> statement-breakpoint
CREATE INDEX "lead_sightings_lead" ON "lead_sightings" USING btree ("lead_id");--> statement-breakpoint
CREATE UNIQUE INDEX "leads_lead_key" ON "leads" USING btree ("lead_key");--> statement-breakpoint
CREATE INDEX "leads_phone" ON "leads" USING btree ("phone") WHERE "leads"."phone" is not null;--> statement-breakpoint
CREATE INDEX "leads_email" ON "leads" USING btree ("email") WHERE "leads"."email" is not null;--> statement-breakpoint
CREATE INDEX "leads_batch" ON "leads" USING btree ("batch_id","id");--> statement-breakpoint
CREATE INDEX "leads_search" ON "leads" USING gin ("search");--> statement-breakpoint
CREATE INDEX "leads_demo" ON "leads" USING btree ("id") WHERE "leads"."demo";--> statement-breakpoint
CREATE INDEX "portals_source_state" ON "portals" USING btree ("source","state");--> statement-breakpoint
CREATE UNIQUE INDEX "proxy_pool_address" ON "proxy_pool" USING btree ("protocol","host","port",coalesce("username", ''));--> statement-breakpoint
CREATE INDEX "scraper_metrics_session" ON "scraper_metrics" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "scraper_metrics_timestamp" ON "scraper_metrics" USING btree ("timestamp");--> statement-breakpoint
CREATE INDEX "scraping_sessions_ready" ON "scraping_sessions" USING btree ("source",(-"priority"),"id") WHERE "scraping_sessions"."status" = 'pending' and "scraping_sessions"."wake_at" is null;--> statement-breakpoint
CREATE INDEX "scraping_sessions_due" ON "scraping_sessions" USING btree ("wake_at") WHERE "scraping_sessions"."status" = 'pending' and "scraping_sessions"."wake_at" is not null;--> statement-breakpoint
CREATE INDEX "scraping_sessions_running" ON "scraping_sessions" USING btree ("worker_id") WHERE "scraping_sessions"."status" = 'running';--> statement-breakpoint
CREATE INDEX "scraping_sessions_batch" ON "scraping_sessions" USING btree ("batch_id");--> statement-breakpoint
CREATE INDEX "scraping_sessions_unhappy" ON "scraping_sessions" USING btree ("id") WHERE "scraping_sessions"."status" in ('failed', 'cancelled');--> statement-breakpoint
CREATE UNIQUE INDEX "session_batches_idempotency_key" ON "session_batches" USING btree ("idempotency_key");--> statement-breakpoint
CREATE INDEX "session_logs_session" ON "session_logs" USING btree ("session_id","id");--> statement-breakpoint
CREATE INDEX "worker_instances_status" ON "worker_instances" USING btree ("status");