"""Train with several processes on this machine, as on several: local.py WORKERS COMMAND…, or `make train-cluster`.

Each gets its share of the threads (COMPETITION_THREADS). Ctrl-C and SIGTERM reach all. The exit status is the first
that is not 0.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack


def free_addresses(count: int) -> list[str]:
    """Addresses of ports on this machine that nobody listens on now."""
    with ExitStack() as held:
        bound = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in bound:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in bound]


def environment(addresses: list[str], index: int) -> dict[str, str]:
    """That of one worker."""
    threads = int(os.environ.get("COMPETITION_THREADS") or os.cpu_count() or 1)
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    share = max(1, threads // len(addresses))
    return {**os.environ, "TF_CONFIG": json.dumps(config), "COMPETITION_THREADS": str(share)}


def main(workers: int, command: list[str]) -> int:
    addresses = free_addresses(workers)
    processes = [subprocess.Popen(command, env=environment(addresses, index)) for index in range(workers)]

    def pass_on(number: int, frame) -> None:
        for process in processes:
            process.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, lambda number, frame: None)  # the terminal sends it to all by itself
    statuses = [process.wait() for process in processes]
    return next((128 - status if status < 0 else status for status in statuses if status), 0)


if __name__ == "__main__":
    if len(sys.argv) < 3 or not sys.argv[1].isdecimal() or not int(sys.argv[1]):
        sys.exit(f"usage: {sys.argv[0]} WORKERS COMMAND…")
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
