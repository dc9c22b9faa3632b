-- The pace of a host, shared by all workers, and the line of sessions that wait for it.
--
-- A request needs a slot. At most max_inflight slots are out per host, and the next one opens at (moment the previous response's
-- headers arrived, or its failure) + the gap in force, so that the server never sees two requests closer than the gap. The gap
-- in force is the largest of the source's floor, the robots.txt's Crawl-delay, and the adaptive delay, which errors raise and
-- served answers lower. All times are the database's, and leave it as intervals in ms: clocks of workers do not matter.
--
-- Every function that grants first locks (the host's row, or an advisory lock for its line) and looks only then, in statements of
-- their own: one statement that locks and counts would count with the snapshot taken before it waited for the lock, and grant
-- too many. clock_timestamp(), never now(), which is the start of the transaction.

DROP FUNCTION reserve_host_slot(text, text, bigint, integer, integer, integer);
--> statement-breakpoint
DROP FUNCTION release_host_slot(text, bigint, double precision, boolean);
--> statement-breakpoint
CREATE FUNCTION reserve_host_slot(
  p_host_key text, p_worker_id text, p_session_id bigint,
  p_floor_ms integer, p_robots_ms integer, p_max_inflight integer, p_wait_max_ms integer, p_ttl_ms integer,
  -- Granted: slot_id, and the request may go out in wait_ms. Refused: slot_id is null, ask again in wait_ms.
  OUT slot_id bigint, OUT wait_ms double precision, OUT reason text
) LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  host host_pacing;
  t timestamptz;
  own_gap_ms integer;
  start_at timestamptz;
  in_flight integer;
  first_start timestamptz;
  last_expired timestamptz;
BEGIN
  INSERT INTO host_pacing (host_key, floor_ms, gap_ms) VALUES (p_host_key, p_floor_ms, p_floor_ms) ON CONFLICT DO NOTHING;
  SELECT * INTO host FROM host_pacing WHERE host_key = p_host_key FOR UPDATE;
  t := clock_timestamp();

  IF host.paused_until > t THEN
    wait_ms := extract(epoch FROM host.paused_until - t) * 1000;
    reason := coalesce(host.pause_reason, 'paused');
    RETURN;
  END IF;

  -- A slot that nobody gave back: its request was sent before it expired.
  WITH expired AS (DELETE FROM host_slots s WHERE s.host_key = p_host_key AND s.expires_at <= t RETURNING s.start_at, s.expires_at)
  SELECT max(expired.start_at), max(expired.expires_at) INTO first_start, last_expired FROM expired;
  IF last_expired IS NOT NULL THEN
    host.next_at := greatest(host.next_at, last_expired + host.gap_ms * interval '1 ms');
    UPDATE host_pacing SET next_at = host.next_at, last_asked_at = greatest(host.last_asked_at, first_start)
    WHERE host_key = p_host_key;
  END IF;

  -- The limit of those that are under way holds for a newcomer, and its own does too.
  SELECT count(*), min(host_slots.start_at) INTO in_flight, first_start FROM host_slots WHERE host_key = p_host_key;
  IF in_flight = 0 THEN host.max_inflight := p_max_inflight; END IF;
  host.max_inflight := least(host.max_inflight, p_max_inflight);
  own_gap_ms := greatest(p_floor_ms, p_robots_ms, host.adaptive_ms);
  IF in_flight >= host.max_inflight THEN
    -- Their end is not known: ask again after the first start, several times within a gap so that no time is lost.
    wait_ms := greatest(extract(epoch FROM first_start - t) * 1000, 0) + least(greatest(own_gap_ms / 8, 20), 250);
    reason := 'in-flight';
    RETURN;
  END IF;

  -- next_at was set with the gap of the request before; one that wants more waits for the rest of its own.
  start_at := greatest(
    t,
    host.next_at + greatest(own_gap_ms - host.gap_ms, 0) * interval '1 ms',
    host.backoff_until
  );
  wait_ms := extract(epoch FROM start_at - t) * 1000;
  IF wait_ms > p_wait_max_ms THEN
    reason := CASE WHEN host.backoff_until >= start_at THEN 'back-off' ELSE 'pacing' END;
    RETURN;
  END IF;
  -- While others are under way, their answers may still put the start off: ask again then.
  IF in_flight > 0 AND start_at > t THEN
    reason := 'in-flight';
    RETURN;
  END IF;

  UPDATE host_pacing SET
    next_at = start_at + own_gap_ms * interval '1 ms',
    floor_ms = p_floor_ms,
    robots_ms = p_robots_ms,
    gap_ms = own_gap_ms,
    max_inflight = host.max_inflight
  WHERE host_key = p_host_key;
  INSERT INTO host_slots (host_key, worker_id, session_id, start_at, expires_at)
    VALUES (p_host_key, p_worker_id, p_session_id, start_at, start_at + p_ttl_ms * interval '1 ms')
    RETURNING id INTO slot_id;
END $$;
--> statement-breakpoint
-- Gives a slot back. p_since_ms: ms since the response's headers arrived, or since the failure. p_result: a kind of SlotResult
-- (src/workers/fetch/host-pacer.ts). A slot that expired meanwhile still counts, since its request did go out.
--
-- Five errors in a row pause the host for 10 min x 2^(pauses before), at most 1 h; a host that throttled or refused us for
-- 15 minutes without serving one request is paused for 30 min x 2^(pauses before), at most 24 h. After a pause one more of the same is
-- enough for the next. A served answer clears all that.
CREATE FUNCTION release_host_slot(
  p_host_key text, p_slot_id bigint, p_since_ms double precision, p_result text, p_error text
) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  host host_pacing;
  t timestamptz;
  answered_at timestamptz;
  started_at timestamptz;
  pause_ms double precision;
  why text;
BEGIN
  SELECT * INTO host FROM host_pacing WHERE host_key = p_host_key FOR UPDATE;
  t := clock_timestamp();
  answered_at := t - greatest(p_since_ms, 0) * interval '1 ms';
  DELETE FROM host_slots WHERE id = p_slot_id RETURNING start_at INTO started_at;
  -- One that is given back before its start was never sent.
  IF coalesce(started_at, t) <= t THEN host.last_asked_at := greatest(host.last_asked_at, coalesce(started_at, answered_at)); END IF;

  IF p_result = 'served' THEN
    host.adaptive_ms := host.adaptive_ms / 2;
    IF host.adaptive_ms <= greatest(host.floor_ms, host.robots_ms) THEN host.adaptive_ms := 0; END IF;
    IF host.backoff_until <= t THEN host.strikes := greatest(host.strikes - 1, 0); END IF;
    host.limited_since := NULL;
    host.error_streak := 0;
    host.pause_count := 0;
    host.last_served_at := greatest(host.last_served_at, answered_at);
  ELSIF p_result = 'error' THEN
    host.adaptive_ms := raised_adaptive_ms(host.adaptive_ms, host.gap_ms);
    host.error_streak := least(host.error_streak + 1, 32767);
    IF host.error_streak >= 5 THEN
      pause_ms := least(600000 * 2 ^ least(host.pause_count, 10), 3600000);
      why := format('%s errors in a row; the last one: %s', host.error_streak, left(p_error, 300));
    END IF;
  ELSIF p_result IN ('throttled', 'refused') THEN
    host.limited_since := coalesce(host.limited_since, t);
    IF host.limited_since <= t - interval '15 min' THEN
      pause_ms := least(1800000 * 2 ^ least(host.pause_count, 10), 86400000);
      why := format('No request was served for %s minutes; the last answer: %s',
        floor(extract(epoch FROM t - host.limited_since) / 60), left(p_error, 300));
    END IF;
  END IF;

  -- What was under way together pauses a host once.
  IF pause_ms IS NOT NULL AND coalesce(host.paused_until, '-infinity') <= t THEN
    host.paused_until := t + pause_ms * interval '1 ms';
    host.pause_reason := why;
    host.pause_count := least(host.pause_count + 1, 32767);
  END IF;

  host.gap_ms := greatest(host.floor_ms, host.robots_ms, host.adaptive_ms);
  UPDATE host_pacing SET
    next_at = greatest(host.next_at, answered_at + host.gap_ms * interval '1 ms'),
    adaptive_ms = host.adaptive_ms, gap_ms = host.gap_ms, strikes = host.strikes,
    limited_since = host.limited_since, error_streak = host.error_streak, pause_count = host.pause_count,
    paused_until = host.paused_until, pause_reason = host.pause_reason,
    last_asked_at = host.last_asked_at, last_served_at = host.last_served_at,
    last_error = coalesce(left(p_error, 500), host.last_error)
  WHERE host_key = p_host_key;
END $$;
--> statement-breakpoint
-- What an error makes of the adaptive delay: twice the gap in force, at least a quarter of a second, at most a minute.
CREATE FUNCTION raised_adaptive_ms(p_adaptive_ms integer, p_gap_ms integer)
RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(p_adaptive_ms, least(greatest(2::bigint * p_gap_ms, 250), 60000)::integer)
$$;
--> statement-breakpoint
-- The host asked for less (429, or 503 with Retry-After). Returns for how many ms it is left alone from now.
-- Answers of requests that were under way together count once: while a back-off runs, it is only ever extended by a longer
-- Retry-After. Without one (null), and from the second strike on, the delay is at least 5 s x 2^(strikes - 1); at most 1 h. A
-- Retry-After beyond that pauses the host, for people to see; at most a day.
CREATE OR REPLACE FUNCTION report_host_backoff(p_host_key text, p_retry_after_ms double precision)
RETURNS double precision LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  host host_pacing;
  t timestamptz;
  asked_ms double precision := greatest(coalesce(p_retry_after_ms, 0), 0);
  strike integer;
  delay_ms double precision;
BEGIN
  INSERT INTO host_pacing (host_key) VALUES (p_host_key) ON CONFLICT DO NOTHING;
  SELECT * INTO host FROM host_pacing WHERE host_key = p_host_key FOR UPDATE;
  t := clock_timestamp();

  IF asked_ms > 3600000 THEN
    asked_ms := least(asked_ms, 86400000);
    PERFORM pause_host(p_host_key, asked_ms, format('It asked to be left alone for %s minutes (Retry-After)', round(asked_ms / 60000)));
  END IF;

  IF host.backoff_until > t THEN
    host.backoff_until := greatest(host.backoff_until, t + least(asked_ms, 3600000) * interval '1 ms');
    UPDATE host_pacing SET
      backoff_until = host.backoff_until,
      backoff_decays_at = greatest(host.backoff_decays_at, host.backoff_until + interval '60 s')
    WHERE host_key = p_host_key;
    RETURN greatest(extract(epoch FROM host.backoff_until - t) * 1000, asked_ms);
  END IF;

  strike := CASE WHEN host.backoff_decays_at > t THEN least(host.strikes + 1, 12) ELSE 1 END;
  delay_ms := CASE WHEN strike = 1 AND asked_ms > 0 THEN asked_ms ELSE greatest(asked_ms, 5000 * 2 ^ (strike - 1)) END;
  delay_ms := least(delay_ms, 3600000);
  host.adaptive_ms := raised_adaptive_ms(host.adaptive_ms, host.gap_ms);
  UPDATE host_pacing SET
    strikes = strike,
    backoff_until = t + delay_ms * interval '1 ms',
    -- Forgotten after one further quiet time of the same length, but not before a minute.
    backoff_decays_at = t + (delay_ms + greatest(delay_ms, 60000)) * interval '1 ms',
    limited_since = coalesce(host.limited_since, t),
    adaptive_ms = host.adaptive_ms,
    gap_ms = greatest(host.floor_ms, host.robots_ms, host.adaptive_ms)
  WHERE host_key = p_host_key;
  RETURN greatest(delay_ms, asked_ms);
END $$;
--> statement-breakpoint
-- Gives back what a dead worker held. Its last request may have gone out until just now, so the gap counts from here.
-- Hosts are locked in order of their keys: two workers that die together cannot block each other.
CREATE OR REPLACE FUNCTION release_worker_slots(p_worker_id text)
RETURNS integer LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  held text;
  released integer := 0;
  deleted integer;
  last_start timestamptz;
BEGIN
  FOR held IN SELECT DISTINCT host_key FROM host_slots WHERE worker_id = p_worker_id ORDER BY host_key LOOP
    PERFORM 1 FROM host_pacing WHERE host_key = held FOR UPDATE;
    WITH dropped AS (DELETE FROM host_slots s WHERE s.host_key = held AND s.worker_id = p_worker_id RETURNING s.start_at)
    SELECT count(*), max(dropped.start_at) INTO deleted, last_start FROM dropped;
    released := released + deleted;
    UPDATE host_pacing SET
      next_at = greatest(next_at, clock_timestamp() + gap_ms * interval '1 ms'),
      last_asked_at = CASE WHEN last_start <= clock_timestamp() THEN greatest(last_asked_at, last_start) ELSE last_asked_at END
    WHERE host_key = held AND deleted > 0;
  END LOOP;
  RETURN released;
END $$;
--> statement-breakpoint
-- Nobody asks this host for p_pause_ms; people see the reason. The longer of two pauses holds, with its reason.
CREATE OR REPLACE FUNCTION pause_host(p_host_key text, p_pause_ms double precision, p_reason text)
RETURNS void LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO host_pacing (host_key, paused_until, pause_reason)
  VALUES (p_host_key, clock_timestamp() + p_pause_ms * interval '1 ms', p_reason)
  ON CONFLICT (host_key) DO UPDATE SET paused_until = excluded.paused_until, pause_reason = excluded.pause_reason
  WHERE host_pacing.paused_until IS NULL OR host_pacing.paused_until < excluded.paused_until;
$$;
--> statement-breakpoint
-- A person says that the host may be asked again: pause, back-off and what led to them are forgotten; what the source and
-- robots.txt promise still holds. False when the host is not known.
CREATE FUNCTION resume_host(p_host_key text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE host_pacing SET
    paused_until = NULL, pause_reason = NULL, pause_count = 0, error_streak = 0,
    backoff_until = '-infinity', backoff_decays_at = '-infinity', strikes = 0, limited_since = NULL,
    adaptive_ms = 0, gap_ms = greatest(floor_ms, robots_ms),
    -- The adaptive delay may stand in it; the last answer came before now.
    next_at = least(next_at, clock_timestamp() + greatest(floor_ms, robots_ms) * interval '1 ms')
  WHERE host_key = p_host_key;
  RETURN FOUND;
END $$;
--> statement-breakpoint
-- Sessions that wait for their host stand in its line: pending, with wake_at = 'infinity'. They are in neither the ready index nor
-- the index of sessions whose time comes, so any number of them costs neither claims nor promotion anything.
DROP INDEX "scraping_sessions_due";--> statement-breakpoint
CREATE INDEX "scraping_sessions_due" ON "scraping_sessions" USING btree ("wake_at") WHERE "scraping_sessions"."status" = 'pending' and "scraping_sessions"."wake_at" < 'infinity';--> statement-breakpoint
CREATE INDEX "scraping_sessions_line" ON "scraping_sessions" USING btree ("host_key","wake_at",(-"priority"),"id") WHERE "scraping_sessions"."status" = 'pending' and "scraping_sessions"."wake_at" is not null and "scraping_sessions"."host_key" is not null;
--> statement-breakpoint
-- How many sessions of a host may be ready or running at once; 0 while it may not be asked within the next 5 s. Those that it serves
-- at once, and those that it can begin with within half a second, so that its time is used while one session ends and the next
-- begins; more would only sit in workers that could do something else. A host that nobody has asked yet takes two.
CREATE FUNCTION host_capacity(host host_pacing) RETURNS integer LANGUAGE sql VOLATILE AS $$
  SELECT CASE
    WHEN greatest(host.paused_until, host.backoff_until, host.next_at) > clock_timestamp() + interval '5 s' THEN 0
    ELSE coalesce(host.max_inflight, 1) + least(greatest(ceil(500.0 / greatest(coalesce(host.gap_ms, 2000), 1)), 1), 10)::integer
  END
$$;
--> statement-breakpoint
-- Lets the best of a host's line become ready, as many as the host can take, and puts back in line what is ready but has become too
-- much, is less urgent than what waits, or may not be asked now. Returns how many became ready.
-- One at a time per host; p_wait false passes over a host that another is busy with.
CREATE FUNCTION promote_host_line(p_host_key text, p_wait boolean)
RETURNS integer LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  host host_pacing;
  capacity integer;
  room integer;
  promoted integer;
BEGIN
  -- 20050: the lines of hosts, in the one space of advisory locks.
  IF p_wait THEN
    PERFORM pg_advisory_xact_lock(20050, hashtext(p_host_key));
  ELSIF NOT pg_try_advisory_xact_lock(20050, hashtext(p_host_key)) THEN
    RETURN 0;
  END IF;
  SELECT * INTO host FROM host_pacing WHERE host_key = p_host_key;
  capacity := host_capacity(host);
  -- The predicate of its index, word for word; no other index can serve it.
  SELECT capacity - count(*) INTO room FROM scraping_sessions s
  WHERE s.host_key = p_host_key AND (s.status = 'running' OR (s.status = 'pending' AND s.wake_at IS NULL));

  -- Constant limits, above any capacity, tell the planner how few rows there are; told of a limit that it cannot know, it expects a
  -- tenth of the line and reads the table. The update waits for a row that is being claimed, and looks at it again.
  WITH ready AS MATERIALIZED (
    SELECT s.id, s.priority FROM scraping_sessions s
    WHERE s.host_key = p_host_key AND (s.status = 'running' OR (s.status = 'pending' AND s.wake_at IS NULL))
      AND starts_with(s.status, 'pending')
    LIMIT 32),
  line AS MATERIALIZED (
    SELECT s.id, s.priority FROM scraping_sessions s
    WHERE s.host_key = p_host_key AND s.status = 'pending' AND s.wake_at = 'infinity'
    ORDER BY (-s.priority), s.id
    LIMIT 32),
  candidates AS MATERIALIZED (SELECT * FROM ready UNION ALL SELECT * FROM line),
  wanted AS MATERIALIZED (
    SELECT c.id FROM candidates c ORDER BY (-c.priority), c.id
    LIMIT CASE WHEN capacity = 0 THEN 0 ELSE (SELECT greatest(room + count(*), 0) FROM ready) END),
  moved AS (
    UPDATE scraping_sessions s SET wake_at = CASE WHEN w.id IS NULL THEN 'infinity'::timestamptz END
    FROM candidates c LEFT JOIN wanted w ON w.id = c.id
    WHERE s.id = c.id AND starts_with(s.status, 'pending')
      AND coalesce(s.wake_at, '-infinity') = CASE WHEN w.id IS NULL THEN '-infinity' ELSE 'infinity' END::timestamptz
    RETURNING s.wake_at)
  SELECT count(*) INTO promoted FROM moved WHERE moved.wake_at IS NULL;
  RETURN promoted;
END $$;
--> statement-breakpoint
-- The same for several hosts; waits for others that are busy with them, in one order, so that nobody locks anybody out.
CREATE FUNCTION promote_host_lines(p_host_keys text[])
RETURNS integer LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  key text;
  promoted integer := 0;
BEGIN
  FOR key IN SELECT DISTINCT k FROM unnest(p_host_keys) AS k ORDER BY k LOOP
    promoted := promoted + promote_host_line(key, true);
  END LOOP;
  RETURN promoted;
END $$;
--> statement-breakpoint
-- Moves sessions whose time has come into the ready index or into their host's line, looks after the lines, and says whether anything
-- ready waits for one of the sources. Safe to run from any number of managers: each due session is moved by one of them, and one
-- of them at a time looks after the lines. Where only one row is wanted its order is named all the same: else the planner, which
-- expects to meet such a row soon anywhere, may read the table from its front.
CREATE FUNCTION promote_due_sessions(p_sources text[])
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  t timestamptz := clock_timestamp();
  key text;
BEGIN
  WITH due AS MATERIALIZED (
    SELECT s.id FROM scraping_sessions s
    WHERE s.status = 'pending' AND s.wake_at < 'infinity' AND s.wake_at <= t
    ORDER BY s.wake_at LIMIT 500
    FOR NO KEY UPDATE SKIP LOCKED)
  UPDATE scraping_sessions s SET wake_at = CASE WHEN s.host_key IS NOT NULL THEN 'infinity'::timestamptz END
  FROM due WHERE s.id = due.id;

  IF pg_try_advisory_xact_lock(20050) THEN
    FOR key IN
      WITH RECURSIVE sleeping AS (
        (SELECT s.host_key FROM scraping_sessions s
         WHERE s.status = 'pending' AND s.wake_at IS NOT NULL AND s.host_key IS NOT NULL ORDER BY s.host_key LIMIT 1)
        UNION ALL
        SELECT (SELECT s.host_key FROM scraping_sessions s
          WHERE s.status = 'pending' AND s.wake_at IS NOT NULL AND s.host_key > sleeping.host_key ORDER BY s.host_key LIMIT 1)
        FROM sleeping WHERE sleeping.host_key IS NOT NULL),
      used AS (
        SELECT s.host_key, count(*) AS used, count(*) FILTER (WHERE s.status = 'pending') AS ready
        FROM scraping_sessions s
        WHERE s.host_key IS NOT NULL AND (s.status = 'running' OR (s.status = 'pending' AND s.wake_at IS NULL))
        GROUP BY s.host_key),
      hosts AS MATERIALIZED (
        SELECT host_key, coalesce(used.used, 0) AS used, coalesce(used.ready, 0) AS ready, host_capacity(h) AS capacity
        FROM sleeping FULL JOIN used USING (host_key) LEFT JOIN host_pacing h USING (host_key)
        WHERE host_key IS NOT NULL)
      SELECT hosts.host_key FROM hosts
      WHERE (hosts.capacity = 0 AND hosts.ready > 0)
        OR (hosts.capacity > hosts.used AND (
          SELECT s.id FROM scraping_sessions s
          WHERE s.host_key = hosts.host_key AND s.status = 'pending' AND s.wake_at = 'infinity'
          ORDER BY (-s.priority), s.id LIMIT 1) IS NOT NULL)
      ORDER BY hosts.host_key
    LOOP
      PERFORM promote_host_line(key, false);
    END LOOP;
  END IF;

  IF p_sources IS NULL THEN
    RETURN (
      SELECT s.id FROM scraping_sessions s WHERE s.status = 'pending' AND s.wake_at IS NULL
      ORDER BY s.source, (-s.priority), s.id LIMIT 1) IS NOT NULL;
  END IF;
  RETURN EXISTS (
    SELECT FROM unnest(p_sources) AS src(source)
    CROSS JOIN LATERAL (
      SELECT s.id FROM scraping_sessions s
      WHERE s.source = src.source AND s.status = 'pending' AND s.wake_at IS NULL
      ORDER BY (-s.priority), s.id LIMIT 1) waiting);
END $$;
