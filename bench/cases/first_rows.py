"""A look at a table: one hundred rows of twelve million, in no order, asked for over the API."""

import json
import time

from lib import fleet_lake, measure

NAME = "first-rows"
PROMISE = "(i) any 100 rows of 12 million"
SECONDS_BELOW = 0.05
ROWS = 20_000_000
ASKED = 30


def run(workshop):
    with fleet_lake.server(workshop, workshop.scaled(ROWS)) as server:
        server.start()
        connection = server.connect()
        seconds = []
        for _ in range(ASKED):
            begun = time.monotonic()
            body = server.ask("DeviceProcessEvents | take 100", connection)
            seconds.append(time.monotonic() - begun)
            rows = len(json.loads(body)["Tables"][0]["Rows"])
            if rows != 100:
                raise RuntimeError(f"{rows} rows instead of 100")
    return measure.below(NAME, PROMISE, SECONDS_BELOW, "s", seconds, first_seconds=seconds[0])
