#!/usr/bin/env python3
"""How long a start of the broker takes: from just before fork and exec to READY=1.

    scripts/start_to_ready.py BUSBARD CHANNELS [CAPACITY [TIMES]] [--killed]

--killed: the broker before was killed, and its channels are taken over.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time


def start_once(busbard, folder, config, end=signal.SIGTERM):
    notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notifications.bind(folder + "/notify")
    began = time.monotonic()
    broker = subprocess.Popen([busbard, "--socket", folder + "/control.sock", "--config", config],
                              env={**os.environ, "NOTIFY_SOCKET": folder + "/notify"})
    notifications.settimeout(60)
    try:
        said = notifications.recv(4096)
        took = (time.monotonic() - began) * 1000
    finally:
        broker.send_signal(end)
        broker.wait()
        notifications.close()
        os.unlink(folder + "/notify")
    if not said.startswith(b"READY=1"):
        raise SystemExit(f"start_to_ready: the broker said {said!r}")
    return took


def main(arguments):
    killed = "--killed" in arguments
    arguments = [argument for argument in arguments if argument != "--killed"]
    if not 2 <= len(arguments) <= 4:
        print(__doc__, file=sys.stderr)
        return 2
    busbard, count = arguments[0], int(arguments[1])
    capacity = arguments[2] if len(arguments) > 2 else "4MiB"
    times = int(arguments[3]) if len(arguments) > 3 else 20
    with tempfile.TemporaryDirectory() as folder:
        config = folder + "/busbar.json"
        with open(config, "w", encoding="utf-8") as file:
            channels = [{"name": f"c{n}", "capacity": capacity} for n in range(count)]
            json.dump({"channels": channels, "log": {"level": "warn"}}, file)
        if killed:
            start_once(busbard, folder, config, signal.SIGKILL)
        end = signal.SIGKILL if killed else signal.SIGTERM
        took = sorted(start_once(busbard, folder, config, end) for _ in range(times))
        start_once(busbard, folder, config)  # leaves nothing behind
    how = "taken over from a killed broker" if killed else "made"
    print(f"start to READY with {count} channels of {capacity}, {how}: median {took[len(took) // 2]:.1f} ms "
          f"({took[0]:.1f} to {took[-1]:.1f}, {times} starts)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
