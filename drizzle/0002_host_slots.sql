-- The pace of a host, shared by all workers of all machines. One slot is in flight per host; the next one opens at
-- (moment the previous response's headers arrived, or its failure) + gap, so that the server never sees two requests closer
-- than the gap. All times are the database's, and leave it as intervals in ms: clocks of workers do not matter.
--
-- Every function first locks the host's row and looks only then, in statements of their own: one statement that locks
-- and counts would count with the snapshot taken before it waited for the lock, and grant too many.
-- clock_timestamp(), never now(), which is the start of the transaction.

CREATE FUNCTION reserve_host_slot(
  p_host_key text, p_worker_id text, p_session_id bigint,
  p_gap_ms integer, p_wait_max_ms integer, p_ttl_ms integer,
  -- Granted: slot_id, and the request may go out in wait_ms. Refused: slot_id is null, ask again in wait_ms.
  OUT slot_id bigint, OUT wait_ms double precision, OUT reason text
) LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  host host_pacing;
  t timestamptz;
  start_at timestamptz;
  in_flight integer;
  busy_until timestamptz;
  last_expired timestamptz;
BEGIN
  INSERT INTO host_pacing (host_key, gap_ms) VALUES (p_host_key, p_gap_ms) ON CONFLICT DO NOTHING;
  SELECT * INTO host FROM host_pacing WHERE host_key = p_host_key FOR UPDATE;
  t := clock_timestamp();

  IF host.paused_until > t THEN
    wait_ms := extract(epoch FROM host.paused_until - t) * 1000;
    reason := coalesce(host.pause_reason, 'paused');
    RETURN;
  END IF;

  -- A slot that nobody gave back: its request was sent before it expired.
  WITH expired AS (DELETE FROM host_slots WHERE host_key = p_host_key AND expires_at <= t RETURNING expires_at)
  SELECT max(expires_at) INTO last_expired FROM expired;
  IF last_expired IS NOT NULL THEN
    host.next_at := greatest(host.next_at, last_expired + host.gap_ms * interval '1 ms');
    UPDATE host_pacing SET next_at = host.next_at WHERE host_key = p_host_key;
  END IF;

  SELECT count(*), min(host_slots.start_at) INTO in_flight, busy_until FROM host_slots WHERE host_key = p_host_key;
  IF in_flight >= host.max_inflight THEN
    -- Its end is not known: ask again after its start, several times within a gap so that no time is lost.
    wait_ms := greatest(extract(epoch FROM busy_until - t) * 1000, 0) + least(greatest(p_gap_ms / 8, 20), 250);
    reason := 'in-flight';
    RETURN;
  END IF;

  -- next_at was set with the gap of the request before; one that wants more waits for the rest of its own.
  start_at := greatest(
    t,
    host.next_at + greatest(p_gap_ms - host.gap_ms, 0) * interval '1 ms',
    host.backoff_until
  );
  wait_ms := extract(epoch FROM start_at - t) * 1000;
  IF wait_ms > p_wait_max_ms THEN
    reason := CASE WHEN host.backoff_until >= start_at THEN 'back-off' ELSE 'pacing' END;
    RETURN;
  END IF;

  UPDATE host_pacing SET next_at = start_at + p_gap_ms * interval '1 ms', gap_ms = p_gap_ms WHERE host_key = p_host_key;
  INSERT INTO host_slots (host_key, worker_id, session_id, start_at, expires_at)
    VALUES (p_host_key, p_worker_id, p_session_id, start_at, start_at + p_ttl_ms * interval '1 ms')
    RETURNING id INTO slot_id;
END $$;
--> statement-breakpoint
-- Gives a slot back. p_since_ms: ms since the response's headers arrived, or since the failure. p_ok: the host served us.
-- A slot that expired meanwhile still moves the clock, since its request did go out.
CREATE FUNCTION release_host_slot(p_host_key text, p_slot_id bigint, p_since_ms double precision, p_ok boolean)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  host host_pacing;
  t timestamptz;
BEGIN
  SELECT * INTO host FROM host_pacing WHERE host_key = p_host_key FOR UPDATE;
  t := clock_timestamp();
  DELETE FROM host_slots WHERE id = p_slot_id;
  UPDATE host_pacing SET
    next_at = greatest(host.next_at, t - greatest(p_since_ms, 0) * interval '1 ms' + host.gap_ms * interval '1 ms'),
    limited_since = CASE WHEN p_ok THEN NULL ELSE host.limited_since END,
    strikes = CASE WHEN p_ok AND host.backoff_until <= t THEN greatest(host.strikes - 1, 0) ELSE host.strikes END
  WHERE host_key = p_host_key;
END $$;
--> statement-breakpoint
-- The host asked for less (429, or 503 with Retry-After). Returns for how many ms it is left alone from now.
-- Answers of requests that were under way together count once: while a back-off runs, it is only ever extended by a longer
-- Retry-After. Without one (null), and from the second strike on, the delay is at least 5 s x 2^(strikes - 1); at most 1 h.
CREATE FUNCTION report_host_backoff(p_host_key text, p_retry_after_ms double precision)
RETURNS double precision LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  host host_pacing;
  t timestamptz;
  asked_ms double precision := least(greatest(coalesce(p_retry_after_ms, 0), 0), 3600000);
  strike integer;
  delay_ms double precision;
BEGIN
  INSERT INTO host_pacing (host_key) VALUES (p_host_key) ON CONFLICT DO NOTHING;
  SELECT * INTO host FROM host_pacing WHERE host_key = p_host_key FOR UPDATE;
  t := clock_timestamp();

  IF host.backoff_until > t THEN
    host.backoff_until := greatest(host.backoff_until, t + asked_ms * interval '1 ms');
    UPDATE host_pacing SET
      backoff_until = host.backoff_until,
      backoff_decays_at = greatest(host.backoff_decays_at, host.backoff_until + interval '60 s')
    WHERE host_key = p_host_key;
    RETURN extract(epoch FROM host.backoff_until - t) * 1000;
  END IF;

  strike := CASE WHEN host.backoff_decays_at > t THEN least(host.strikes + 1, 12) ELSE 1 END;
  delay_ms := CASE WHEN strike = 1 AND asked_ms > 0 THEN asked_ms ELSE greatest(asked_ms, 5000 * 2 ^ (strike - 1)) END;
  delay_ms := least(delay_ms, 3600000);
  UPDATE host_pacing SET
    strikes = strike,
    backoff_until = t + delay_ms * interval '1 ms',
    -- Forgotten after one further quiet time of the same length, but not before a minute.
    backoff_decays_at = t + (delay_ms + greatest(delay_ms, 60000)) * interval '1 ms',
    limited_since = coalesce(host.limited_since, t)
  WHERE host_key = p_host_key;
  RETURN delay_ms;
END $$;
--> statement-breakpoint
-- Nobody asks this host for p_pause_ms; people see the reason.
CREATE FUNCTION pause_host(p_host_key text, p_pause_ms double precision, p_reason text)
RETURNS void LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  INSERT INTO host_pacing (host_key, paused_until, pause_reason)
  VALUES (p_host_key, clock_timestamp() + p_pause_ms * interval '1 ms', p_reason)
  ON CONFLICT (host_key) DO UPDATE SET
    paused_until = greatest(host_pacing.paused_until, excluded.paused_until),
    pause_reason = excluded.pause_reason;
$$;
--> statement-breakpoint
-- Gives back what a dead worker held. Its last request may have gone out until just now, so the gap counts from here.
-- Hosts are locked in order of their keys: two workers that die together cannot block each other.
CREATE FUNCTION release_worker_slots(p_worker_id text)
RETURNS integer LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
  held text;
  released integer := 0;
  deleted integer;
BEGIN
  FOR held IN SELECT DISTINCT host_key FROM host_slots WHERE worker_id = p_worker_id ORDER BY host_key LOOP
    PERFORM 1 FROM host_pacing WHERE host_key = held FOR UPDATE;
    DELETE FROM host_slots WHERE host_key = held AND worker_id = p_worker_id;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    released := released + deleted;
    UPDATE host_pacing SET next_at = greatest(next_at, clock_timestamp() + gap_ms * interval '1 ms')
    WHERE host_key = held AND deleted > 0;
  END LOOP;
  RETURN released;
END $$;
