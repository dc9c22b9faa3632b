-- An attempt is known by its session and claim number; that key also proves that none is recorded twice.
DROP INDEX "scraper_metrics_session";--> statement-breakpoint
ALTER TABLE "scraper_metrics" DROP COLUMN "id";--> statement-breakpoint
ALTER TABLE "scraper_metrics" ADD CONSTRAINT "scraper_metrics_session_id_claim_number_pk" PRIMARY KEY("session_id","claim_number");
