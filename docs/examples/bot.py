#!/usr/bin/env python3
"""A bot for the EKO Lead Generator in plain Python 3.8 or later, with nothing but the standard library.

    EKO_URL=http://127.0.0.1:3000 EKO_TOKEN=eko_... python3 bot.py --name "Notice reader" --source notices

It works on sessions whose params name a public JSON list: {"url": "https://notices.example.com/list.json"}. Each page is
{"rows": [{"id", "name", "phone", "email", "address", "city", "state", "zip", "text"}], "next": "address of the next page" or null}.
The next page is on the same host. The bot keeps to robots.txt, asks the server for its turn before each request, saves after each page,
and gives its work back on Ctrl-C or SIGTERM. While the API is away it waits, however long that takes; a token that the API refuses ends it
with status 1. What is wrong with one session, say its address or its page, fails that session only.
docs/bots.md tells the protocol; to read something else, change `read_page` and `to_lead`.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import urllib.robotparser

USER_AGENT = "EkoLeadBot/1.0 (+https://example.com/bot; bot.py)"
ANSWER_SECONDS = 40  # the longest wait for an answer of the API; longer than a claim waits for work
DELAY_SECONDS_MAX = 30.0  # between two tries while the API is away
HAND_BACK_SECONDS = 8.0  # after a signal; Docker kills after ten
PAGE_BYTES_MAX = 10 * 1024 * 1024
LEADS_MAX = 1000  # in one call
LEADS_BYTES_MAX = 3 * 1024 * 1024  # in one call, whose body may have 4 MiB
REASON_CHARS_MAX = 450  # a page may have a part in it; the API takes 500 at most


class Stale(Exception):
    """The session is with somebody else, or has ended: write nothing more about it."""


class BotLost(Exception):
    """We were silent for too long, or were removed: register again."""


class ApiAway(Exception):
    """The API does not answer, or somebody else does in its place. That says nothing of a site or a session, and may pass."""

    def __init__(self, why, seconds=0):
        super().__init__(why)
        self.seconds = seconds


class Refused(Exception):
    """The API understood and says no: asking again changes nothing."""


class Denied(Refused):
    """It says no to us, whatever we ask for, say because our token was revoked."""


class Stopped(BaseException):
    """A signal wants us to stop. Not an Exception, so that nothing takes it for a failure."""


class Stop:
    """Ends whatever the main thread does or waits for at the first signal; what is left to say then has to be said soon."""

    deadline = None

    def begin(self):
        self.deadline = time.monotonic() + HAND_BACK_SECONDS

    def on_signal(self, *_):
        if self.deadline is None:
            self.begin()
            raise Stopped()

    def check(self):
        """For the rare signal whose exception got lost on its way."""
        if self.deadline is not None:
            raise Stopped()

    def seconds_left(self):
        return float("inf") if self.deadline is None else max(0.0, self.deadline - time.monotonic())


class Throttled(Exception):
    """The site may not be asked for a while."""

    def __init__(self, why, seconds):
        super().__init__(why)
        self.seconds = min(86400, seconds)


class Forbidden(Exception):
    """robots.txt does not allow the page, or the site refuses it: another try would fail alike."""


class BadAddress(Exception):
    """What should be read next has no address that may be asked."""


class Api:
    """The calls. Each may be repeated, so one whose answer was lost is sent again until an answer comes."""

    def __init__(self, base, token, stop):
        self.base = base.rstrip("/")
        self.token = token
        self.stop = stop

    def call(self, method, path, body=None):
        """Raises ApiAway only when we were told to stop."""
        tries = 0
        while True:
            try:
                return self.attempt(method, path, body, max(0.1, min(ANSWER_SECONDS, self.stop.seconds_left())))
            except ApiAway as error:
                tries += 1
                delay = error.seconds + min(DELAY_SECONDS_MAX, 0.5 * 2 ** min(tries, 10)) * random.uniform(0.5, 1.0)
                if self.stop.seconds_left() == 0:
                    raise
                say("no answer from the API (%s), trying again in %.1f s" % (error, min(delay, self.stop.seconds_left())))
            time.sleep(min(delay, self.stop.seconds_left()))

    def attempt(self, method, path, body=None, timeout=ANSWER_SECONDS):
        request = urllib.request.Request(self.base + path, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        if body is not None:
            request.data = json.dumps(body).encode("utf-8")
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                told = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise self.problem(error) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ApiAway(str(error) or type(error).__name__) from None
        if not isinstance(told, dict):
            raise ApiAway("an answer that is none of the API")
        return told

    @staticmethod
    def problem(error):
        seconds = retry_after(error.headers.get("Retry-After"), 0)
        try:
            told = json.loads(error.read())["error"]
            code, message = told["code"], told["message"]
        except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException):
            # Not in the API's own words: a gateway, or a page of the network.
            return ApiAway("status %d" % error.code, seconds)
        if code == "stale_claim":
            return Stale(message)
        if code == "bot_lost":
            return BotLost(message)
        if error.code >= 500 or error.code == 429:
            return ApiAway(message, seconds)
        kind = Denied if error.code in (401, 403) else Refused
        return kind("The API refuses: %s (%s)" % (message, code))


class WithinHost(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to another host, which has a pace and a robots.txt of its own."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if web_parts(newurl).hostname != web_parts(req.full_url).hostname:
            raise BadAddress("%s has moved to %.300r, which is on another host" % (req.full_url, newurl))
        return super().redirect_request(req, fp, code, msg, headers, newurl)


ask_site = urllib.request.build_opener(WithinHost).open


class Site:
    """Asks sites, politely: robots.txt first, and each request in its turn, which the server gives out to all bots and workers."""

    robots = {}  # by origin; kept while the bot runs

    def __init__(self, rules, tell):
        self.timeout_seconds = rules["requestTimeoutMs"] / 1000.0
        self.tell = tell

    def get_json(self, url):
        rules = self.rules_of(url)
        if not rules.can_fetch("EkoLeadBot", url):
            raise Forbidden("robots.txt does not allow %s" % url)
        return json.loads(self.get(url, float(rules.crawl_delay("EkoLeadBot") or 0)))

    def rules_of(self, url):
        parts = urllib.parse.urlsplit(url)
        origin = "%s://%s" % (parts.scheme, parts.netloc)
        if origin not in self.robots:
            parser = urllib.robotparser.RobotFileParser()
            try:
                parser.parse(self.get(origin + "/robots.txt").decode("utf-8", "replace").splitlines())
            except Forbidden:
                parser.parse([])  # 4xx: there are no rules; when it cannot be read, the error goes on and the session waits
            self.robots[origin] = parser
        return self.robots[origin]

    def get(self, url, crawl_delay_seconds=0.0):
        slot = self.wait_for_turn(url, crawl_delay_seconds)
        told = {"slotId": slot, "result": "error"}
        answered_at = None
        try:
            request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT, "Accept": "application/json, text/plain"})
            try:
                with ask_site(request, timeout=self.timeout_seconds) as answer:
                    answered_at = time.monotonic()
                    body = answer.read(PAGE_BYTES_MAX + 1)
            except urllib.error.HTTPError as error:
                answered_at = time.monotonic()
                if error.code in (429, 503):
                    seconds = retry_after(error.headers.get("Retry-After"), 120)
                    told.update(result="throttled", retryAfterSeconds=seconds, error="status %d" % error.code)
                    raise Throttled("the site asked for %d s of rest" % seconds, seconds) from None
                if 400 <= error.code < 500:
                    told["result"] = "refused" if error.code in (401, 403) else "served"
                    raise Forbidden("%s answered with status %d" % (url, error.code)) from None
                raise
            except BadAddress:
                answered_at = time.monotonic()
                told["result"] = "served"
                raise
            told["result"] = "served"
        except (OSError, http.client.HTTPException) as error:
            told["error"] = (str(error) or type(error).__name__)[:REASON_CHARS_MAX]
            raise
        except Stopped:
            told["result"] = "neutral"
            raise
        finally:
            told["sinceMs"] = 0 if answered_at is None else min(600000, int((time.monotonic() - answered_at) * 1000))
            self.tell("slot/release", told)
        if len(body) > PAGE_BYTES_MAX:
            raise Forbidden("%s is larger than %d bytes" % (url, PAGE_BYTES_MAX))
        return body

    def wait_for_turn(self, url, crawl_delay_seconds):
        while True:
            turn = self.tell("slot", {"url": url, "crawlDelaySeconds": min(300.0, crawl_delay_seconds)})
            wait_seconds = turn["waitMs"] / 1000.0
            if turn["slotId"] is None and turn["reason"] != "in-flight":
                raise Throttled("%s may not be asked yet: %s" % (turn["hostKey"], turn["reason"]), int(wait_seconds) + 1)
            time.sleep(wait_seconds)
            if turn["slotId"] is not None:
                return turn["slotId"]


def retry_after(header, otherwise):
    """Seconds; `otherwise` for what is not a number."""
    return min(3600, int(header)) if header and header.strip().isdigit() else otherwise


def web_parts(url):
    """The parts of an http or https address."""
    try:
        parts = urllib.parse.urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress("%.300r is no http or https address" % (url,))
    return parts


def next_address(url, following):
    """The address of the next page. A page may lead on within its own host: where else we go is not for a site to choose."""
    try:
        address = urllib.parse.urljoin(url, following)
    except (TypeError, ValueError):
        address = following
    if web_parts(address).netloc != web_parts(url).netloc:
        raise BadAddress("The page names %.300r as the next one, which is on another host" % address)
    return address


def slices(leads):
    """The leads in lists that each fit into one call; one empty list when there are none."""
    part, size = [], 0
    for lead in leads:
        lead_size = len(json.dumps(lead))
        if part and (len(part) == LEADS_MAX or size + lead_size > LEADS_BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(lead)
        size += lead_size
    yield part


def read_page(page):
    """The rows of a page and the address of the next one. A page of another form is a failure, never "nothing found"."""
    if not isinstance(page, dict) or not isinstance(page.get("rows"), list):
        raise LookupError("The page has no list of rows: has the site changed?")
    return page["rows"], page.get("next")


def to_lead(row, url):
    lead = {"sourceRowId": str(row["id"]), "sourceUrl": url, "rules": {}}
    for field in ("name", "phone", "email", "address", "city", "state", "zip"):
        if row.get(field):
            lead[field] = str(row[field])
            lead["rules"][field] = "rows[]." + field
    if row.get("text"):
        lead["request"] = str(row["text"])
    return lead


class Bot:
    def __init__(self, api, name, sources):
        self.api = api
        self.name = name
        self.sources = sources
        self.bot_id = None
        self.heartbeat_seconds = 30
        self.holding = None  # (session id, claim number)
        self.must_stop = set()  # claims that a heartbeat told us to drop

    def register(self):
        body = {"name": self.name, "sources": self.sources, "hostname": socket.gethostname(), "version": "1.0"}
        told = self.api.call("POST", "/api/bots/register", body)
        self.bot_id = told["botId"]
        self.heartbeat_seconds = told["heartbeatSeconds"]
        say("registered as %s" % self.bot_id)

    def beat_for_ever(self):
        seconds = self.heartbeat_seconds
        while True:
            time.sleep(seconds)
            seconds = self.heartbeat_seconds
            held = self.holding
            body = {"botId": self.bot_id}
            if held:
                body["sessions"] = [{"id": held[0], "claimNumber": held[1]}]
            try:
                for order in self.api.attempt("POST", "/api/bots/heartbeat", body)["stop"]:
                    self.must_stop.add((order["sessionId"], order["claimNumber"]))
            except BotLost:
                if held:
                    self.must_stop.add(held)
            except ApiAway as error:
                say("no heartbeat: %s" % error)
                seconds = error.seconds + random.uniform(0.1, 0.3) * self.heartbeat_seconds
            except (Refused, LookupError, TypeError) as error:
                say("no heartbeat: %s" % error)

    def run(self, once, wait_seconds):
        try:
            self.work(once, wait_seconds)
            self.leave()
        except (Stopped, ApiAway):
            self.leave()
        except Refused:
            self.api.stop.begin()
            self.leave()
            raise
        say("stopped")

    def work(self, once, wait_seconds):
        self.register()
        threading.Thread(target=self.beat_for_ever, daemon=True).start()
        while True:
            self.api.stop.check()
            try:
                claim = {"botId": self.bot_id, "limit": 1, "waitSeconds": wait_seconds}
                sessions = self.api.call("POST", "/api/sessions/claim", claim)["sessions"]
            except BotLost as error:
                say(str(error))
                self.register()
                continue
            for session in sessions:
                self.work_on(session)
            if not sessions and once:
                return
            if not sessions and wait_seconds == 0:
                time.sleep(5)

    def leave(self):
        """Says goodbye, and hands back what we still hold."""
        try:
            if self.bot_id:
                self.api.call("DELETE", "/api/bots/" + self.bot_id)
        except BotLost:
            pass
        except (ApiAway, Refused) as error:
            say("could not say goodbye (%s); what we held goes to others when we have been silent for two minutes" % error)

    def work_on(self, session):
        self.holding = (session["id"], session["claimNumber"])
        try:
            self.tell(session, "start")
            self.read(session)
        except Denied:
            raise
        except (Stale, BotLost, Refused) as error:
            say(str(error))
        finally:
            self.holding = None

    def read(self, session):
        """Reads page after page from where the last attempt got to, and ends the session in one of the four ways."""
        try:
            site = Site(session["rules"], lambda verb, body: self.tell(session, verb, body))
            url = (session["cursor"] or {}).get("next") or session["params"].get("url")
            web_parts(url)
            pages = 0
            while url:
                self.api.stop.check()
                if self.holding in self.must_stop:
                    return self.tell(session, "release", {"reason": "Its bot was told to drop it"})
                rows, following = read_page(site.get_json(url))
                pages += 1
                *others, leads = slices([to_lead(row, url) for row in rows])
                url = next_address(url, following) if following else None
                for part in others:
                    self.tell(session, "checkpoint", {"leads": part})
                if not url:
                    return self.tell(session, "complete", {"leads": leads})
                # Only the last slice moves the cursor: whoever goes on before that reads this page again, and finds the same leads.
                saved = self.tell(
                    session,
                    "checkpoint",
                    {"leads": leads, "cursor": {"next": url}, "progress": {"message": "%d pages read" % pages, "pages": pages}},
                )
                if saved["cancelRequested"]:
                    return self.tell(session, "release", {"reason": "Cancelled on request"})
        except Throttled as error:
            self.tell(session, "release", {"afterSeconds": error.seconds, "reason": str(error)[:REASON_CHARS_MAX]})
        except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            self.fail(session, "layout_changed", "%s: %s" % (type(error).__name__, error))
        except BadAddress as error:
            self.fail(session, "bad_address", str(error))
        except Forbidden as error:
            self.fail(session, "refused", str(error))
        except Denied:
            raise
        except Refused as error:
            self.fail(session, "api_refused", str(error))
        except Stopped:
            self.tell(session, "release", {"reason": "Its bot stops; goes on at its last checkpoint"})
            raise
        except (OSError, http.client.HTTPException) as error:
            self.fail(session, "network", str(error) or type(error).__name__, retryable=True)

    def fail(self, session, code, message, retryable=False):
        error = {"code": code, "message": message[:REASON_CHARS_MAX]}
        self.tell(session, "fail", {"error": error, "retryable": retryable})

    def tell(self, session, verb, body=None):
        path = "/api/sessions/%d/%s" % (session["id"], verb)
        answer = self.api.call("POST", path, dict(body or {}, claimNumber=session["claimNumber"]))
        if "status" in answer:
            say("session %d: %s" % (session["id"], answer["status"]))
        for lead in answer.get("rejected", []):
            say("session %d: lead %d was not taken: %s" % (session["id"], lead["index"], lead["reason"]))
        return answer


def say(text):
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description="Works on sessions of the EKO Lead Generator over HTTP.")
    parser.add_argument("--name", default="bot.py")
    parser.add_argument("--source", action="append", required=True, help="a source that this bot can scrape; may be repeated")
    parser.add_argument("--once", action="store_true", help="end when there is nothing to do")
    parser.add_argument("--wait-seconds", type=int, default=5, help="how long a claim waits for work (0 to 30)")
    options = parser.parse_args()
    url = os.environ.get("EKO_URL", "http://127.0.0.1:3000")
    if not url.startswith(("http://", "https://")):
        sys.exit("EKO_URL is not an http or https address: %s" % url)
    token = os.environ.get("EKO_TOKEN", "").strip()
    if not token:
        sys.exit('EKO_TOKEN is not set: make a token of the role "bot" and put it there.')
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.on_signal)
    try:
        Bot(Api(url, token, stop), options.name, options.source).run(options.once, options.wait_seconds)
    except Refused as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
