"""From `phalanx serve` on a new data folder to `/readyz` answering."""

from lib import measure

NAME = "startup"
PROMISE = "(g) first start until ready"
SECONDS_BELOW = 1.0


def run(workshop):
    values, memory, stops = [], [], []
    for _ in range(max(3, workshop.rounds)):
        with workshop.server() as server:
            values.append(server.start())
            memory.append(server.memory_bytes())
            stops.append(server.stop())
    return measure.below(
        NAME, PROMISE, SECONDS_BELOW, "s", values, memory_idle_bytes=memory, stop_seconds=stops,
    )
