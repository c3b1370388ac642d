"""Sends a prebuilt file over TCP, cut at line ends into as many parts as there are connections.

Reads a job from standard input (host, port, file, connections), prints `ready`, waits for a line, sends,
and prints the seconds until the last byte was handed over and its own processor seconds.
"""

import json
import mmap
import socket
import sys
import threading
import time

#: The receiver has so long to close after the last byte.
CLOSE_SECONDS_MAX = 120


def parts(view, count):
    """Cuts a mapping into `count` parts that end with lines."""
    cuts, size = [0], len(view)
    for n in range(1, count):
        cuts.append(view.find(b"\n", size * n // count) + 1)
    cuts.append(size)
    whole = memoryview(view)
    return [whole[a:b] for a, b in zip(cuts, cuts[1:])]


def main():
    job = json.loads(sys.stdin.readline())
    with open(job["file"], "rb") as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for at in range(0, len(view), 4096):
        view[at]
    work = parts(view, job["connections"])
    sockets = [socket.create_connection((job["host"], job["port"])) for _ in work]
    print("ready", flush=True)
    sys.stdin.readline()
    begun, cpu = time.monotonic(), time.process_time()
    threads = [threading.Thread(target=s.sendall, args=(part,)) for s, part in zip(sockets, work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = time.monotonic() - begun
    for s in sockets:
        s.settimeout(CLOSE_SECONDS_MAX)
        s.shutdown(socket.SHUT_WR)
        while s.recv(65536):
            pass
        s.close()
    print(json.dumps({"seconds": sent, "cpu_seconds": time.process_time() - cpu}), flush=True)


if __name__ == "__main__":
    main()
