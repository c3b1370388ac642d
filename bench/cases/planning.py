"""From the text of a public hunting query to a plan that runs, as the server says of itself.

Every query of the public corpus that has a meaning over the public tables, each asked three times of a server without
rows; the least of the three counts, for a pause of the machine is no planning. What is bound, planned and optimised
includes all 1,000 tables that the query could name.
"""

import json

from lib import measure
from lib.server import ServerError
from lib.workshop import Skipped

NAME = "planning"
PROMISE = "(j) planning the median public query"
SECONDS_BELOW = 0.005
LONGEST_BELOW = 0.05
TIMES = 3


def run(workshop):
    corpus = workshop.corpora / "kql/hunting.jsonl"
    if not corpus.is_file():
        raise Skipped(f"there is no {corpus}; CORPORA names the folder of the public queries")
    cases = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    cases = [case for case in cases if case["semantic_ok"]]
    seconds, refused = {}, 0
    with workshop.server() as server:
        server.start()
        connection = server.connect()
        for case in cases:
            try:
                seconds[case["id"]] = min(_planning(server, connection, case["query"]) for _ in range(TIMES))
            except ServerError:
                # What this host lacks: data from elsewhere, functions of other hosts.
                refused += 1
                connection = server.connect()
    result = measure.below(NAME, PROMISE, SECONDS_BELOW, "s", list(seconds.values()))
    longest = sorted(seconds, key=seconds.get, reverse=True)[:10]
    result.holds = result.holds and result.figure["max"] < LONGEST_BELOW
    result.figure.pop("values")
    result.details = {
        "queries": len(seconds),
        "refused": refused,
        "longest_below": LONGEST_BELOW,
        "p99_seconds": measure.percentile(list(seconds.values()), 0.99),
        "longest": {case: seconds[case] for case in longest},
    }
    return result


def _planning(server, connection, text):
    """Seconds, from the statistics that the second version of the protocol gives."""
    request = json.dumps({"db": "bench", "csl": text})
    status, body = server.request("POST", "/v2/rest/query", request, connection=connection)
    if status != 200:
        raise ServerError(f"{status} {body[:200]!r}")
    completion = next(frame for frame in json.loads(body) if frame.get("TableKind") == "QueryCompletionInformation")
    payloads = [json.loads(row[-1]) for row in completion["Rows"]]
    return next(payload["PlanningTime"] for payload in payloads if "PlanningTime" in payload)
