CREATE TABLE "page_snapshots" (
	"signature" text PRIMARY KEY NOT NULL,
	"taken_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"session_id" bigint,
	"seen_count" integer DEFAULT 1 NOT NULL,
	"status" integer NOT NULL,
	"source" text NOT NULL,
	"url" text NOT NULL,
	"verdict" text NOT NULL,
	"evidence" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"headers" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"body" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "page_validators" (
	"source" text NOT NULL,
	"url_hash" text NOT NULL,
	"fetched_at" timestamp with time zone DEFAULT now() NOT NULL,
	"parser_version" text NOT NULL,
	"etag" text,
	"last_modified" text,
	"body_hash" text NOT NULL,
	CONSTRAINT "page_validators_source_url_hash_pk" PRIMARY KEY("source","url_hash")
);
--> statement-breakpoint
CREATE TABLE "session_requests" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "session_requests_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"claim_number" integer NOT NULL,
	"status" integer,
	"duration_ms" integer NOT NULL,
	"wire_bytes" integer NOT NULL,
	"proxy_id" bigint,
	"method" text NOT NULL,
	"url" text NOT NULL,
	"verdict" text NOT NULL,
	"reason" text,
	"proxy" text,
	"snapshot_signature" text
);
--> statement-breakpoint
CREATE TABLE "proxy_host_bans" (
	"proxy_id" bigint NOT NULL,
	"host_key" text NOT NULL,
	"banned_at" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"level" smallint DEFAULT 0 NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "proxy_host_bans_proxy_id_host_key_pk" PRIMARY KEY("proxy_id","host_key")
);
--> statement-breakpoint
ALTER TABLE "host_pacing" ADD COLUMN "last_asked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "host_pacing" ADD COLUMN "last_served_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "host_pacing" ADD COLUMN "last_error" text;--> statement-breakpoint
ALTER TABLE "host_pacing" ADD COLUMN "floor_ms" integer DEFAULT 2000 NOT NULL;--> statement-breakpoint
ALTER TABLE "host_pacing" ADD COLUMN "robots_ms" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "host_pacing" ADD COLUMN "error_streak" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "host_pacing" ADD COLUMN "pause_count" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "robots_cache" ADD COLUMN "looking_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "robots_cache" ADD COLUMN "crawl_delay_ms" integer;--> statement-breakpoint
ALTER TABLE "robots_cache" ADD COLUMN "sitemaps" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "tier" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "max_inflight" smallint DEFAULT 4 NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "next_check_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "samples" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "fault_streak" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "good_checks" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "cooling_cycles" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "exit_address" text;--> statement-breakpoint
ALTER TABLE "proxy_pool" ADD COLUMN "header_leaks" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "scraping_sessions" ADD COLUMN "host_key" text;--> statement-breakpoint
ALTER TABLE "proxy_host_bans" ADD CONSTRAINT "proxy_host_bans_proxy_id_proxy_pool_id_fk" FOREIGN KEY ("proxy_id") REFERENCES "public"."proxy_pool"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "page_snapshots_expires" ON "page_snapshots" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "page_validators_fetched" ON "page_validators" USING btree ("fetched_at");--> statement-breakpoint
CREATE INDEX "session_requests_session" ON "session_requests" USING btree ("session_id","id");--> statement-breakpoint
CREATE INDEX "proxy_host_bans_host" ON "proxy_host_bans" USING btree ("host_key","banned_at");--> statement-breakpoint
CREATE INDEX "proxy_pool_next_check" ON "proxy_pool" USING btree ("next_check_at") WHERE "proxy_pool"."status" <> 'disabled';--> statement-breakpoint
CREATE INDEX "scraping_sessions_host" ON "scraping_sessions" USING btree ("host_key") WHERE "scraping_sessions"."host_key" is not null and ("scraping_sessions"."status" = 'running' or ("scraping_sessions"."status" = 'pending' and "scraping_sessions"."wake_at" is null));