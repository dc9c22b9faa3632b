CREATE TABLE "api_tokens" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "api_tokens_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"token_hash" "bytea" NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"sources" text[],
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "api_tokens_role" CHECK ("api_tokens"."role" in ('viewer', 'operator', 'admin', 'bot', 'worker'))
);
--> statement-breakpoint
CREATE TABLE "archive_days" (
	"day" date NOT NULL,
	"source" text NOT NULL,
	"sessions_completed" integer DEFAULT 0 NOT NULL,
	"sessions_failed" integer DEFAULT 0 NOT NULL,
	"sessions_cancelled" integer DEFAULT 0 NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"attempts_failed" integer DEFAULT 0 NOT NULL,
	"leads_found" bigint DEFAULT 0 NOT NULL,
	"leads_new" bigint DEFAULT 0 NOT NULL,
	"requests_made" bigint DEFAULT 0 NOT NULL,
	"requests_failed" bigint DEFAULT 0 NOT NULL,
	"bytes_received" bigint DEFAULT 0 NOT NULL,
	"duration_ms" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "archive_days_day_source_pk" PRIMARY KEY("day","source")
);
--> statement-breakpoint
CREATE TABLE "schedule_runs" (
	"schedule_id" bigint NOT NULL,
	"occurrence" timestamp with time zone NOT NULL,
	"outcome" text NOT NULL,
	"by_hand" boolean DEFAULT false NOT NULL,
	"batch_id" uuid,
	"sessions" integer DEFAULT 0 NOT NULL,
	"reason" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "schedule_runs_schedule_id_occurrence_pk" PRIMARY KEY("schedule_id","occurrence"),
	CONSTRAINT "schedule_runs_outcome" CHECK ("schedule_runs"."outcome" in ('started', 'overlapped', 'missed', 'refused'))
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "schedules_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"cron" text,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"every_minutes" integer,
	"targets" jsonb NOT NULL,
	"batch_size" integer,
	"position" integer DEFAULT 0 NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"max_retries" integer,
	"jitter_seconds" integer DEFAULT 0 NOT NULL,
	"allow_overlap" boolean DEFAULT false NOT NULL,
	"catch_up" text DEFAULT 'latest' NOT NULL,
	"catch_up_max" integer DEFAULT 10 NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	"next_at" timestamp with time zone,
	"settled_until" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "schedules_when" CHECK (("schedules"."cron" is null) <> ("schedules"."every_minutes" is null)),
	CONSTRAINT "schedules_catch_up" CHECK ("schedules"."catch_up" in ('skip', 'latest', 'all'))
);
--> statement-breakpoint
CREATE TABLE "schema_support" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"oldest_program" integer NOT NULL,
	CONSTRAINT "schema_support_only" CHECK ("schema_support"."only")
);
--> statement-breakpoint
CREATE TABLE "nodes" (
	"node_id" text PRIMARY KEY NOT NULL,
	"hostname" text NOT NULL,
	"manager_pid" integer NOT NULL,
	"version" text,
	"status" text DEFAULT 'healthy' NOT NULL,
	"status_reasons" text[] DEFAULT '{}' NOT NULL,
	"status_since" timestamp with time zone DEFAULT now() NOT NULL,
	"mode" text DEFAULT 'active' NOT NULL,
	"configured_workers" integer NOT NULL,
	"desired_workers" integer,
	"active_workers" integer DEFAULT 0 NOT NULL,
	"active_sessions" integer DEFAULT 0 NOT NULL,
	"concurrency" integer DEFAULT 1 NOT NULL,
	"cpu_percent" real,
	"memory_percent" real,
	"disk_percent" real,
	"cpu_count" real,
	"memory_limit_mb" integer,
	"errors" integer DEFAULT 0 NOT NULL,
	"warnings" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "nodes_status" CHECK ("nodes"."status" in ('healthy', 'degraded', 'unhealthy', 'gone')),
	CONSTRAINT "nodes_mode" CHECK ("nodes"."mode" in ('active', 'paused', 'draining')),
	CONSTRAINT "nodes_desired_workers" CHECK ("nodes"."desired_workers" between 0 and 256)
);
--> statement-breakpoint
ALTER TABLE "worker_instances" ADD COLUMN "kind" text DEFAULT 'process' NOT NULL;--> statement-breakpoint
ALTER TABLE "worker_instances" ADD COLUMN "name" text;--> statement-breakpoint
ALTER TABLE "worker_instances" ADD COLUMN "token_id" bigint;--> statement-breakpoint
ALTER TABLE "worker_instances" ADD COLUMN "sources" text[];--> statement-breakpoint
CREATE UNIQUE INDEX "api_tokens_hash" ON "api_tokens" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "schedule_runs_at" ON "schedule_runs" USING btree ("at");--> statement-breakpoint
CREATE INDEX "schedules_due" ON "schedules" USING btree ("next_at") WHERE "schedules"."next_at" is not null;--> statement-breakpoint
ALTER TABLE "worker_instances" ADD CONSTRAINT "worker_instances_kind" CHECK ("worker_instances"."kind" in ('process', 'bot'));--> statement-breakpoint
-- Nothing is taken away here: programs of before go on working.
INSERT INTO "schema_support" ("oldest_program") VALUES (6);