"""The driver of PyPI faktory; what it is told and what it says: ../driver.ts."""

import json
import os
import sys
import threading
import time

import faktory

_lock = threading.Lock()


def say(**event):
    with _lock:
        print(json.dumps(event, separators=(",", ":")), flush=True)


def push():
    jobs = json.load(sys.stdin)["jobs"]
    with faktory.connection() as client:
        for job in jobs:
            accepted = client.queue(
                job["jobtype"],
                args=job["args"],
                jid=job["jid"],
                queue=job.get("queue", "default"),
                priority=job.get("priority", 5),
                retry=job.get("retry", 25),
                at=job.get("at"),
                reserve_for=job.get("reserve_for"),
                custom=job.get("custom"),
            )
            say(event="pushed" if accepted else "refused", jid=job["jid"])


failed_once = set()


def fail(_jid, *_args):
    raise RuntimeError("boom")


def fail_once(jid, *_args):
    if jid not in failed_once:
        failed_once.add(jid)
        raise RuntimeError("not yet")


def sleep(jid, seconds):
    time.sleep(seconds)
    say(event="done", jid=jid)


def telling(jobtype, then):
    def run(jid, *args):
        say(event="ran", jid=jid, jobtype=jobtype, args=args)
        then(jid, *args)

    return run


def work():
    class Driven(faktory.Worker):
        send_heartbeat_every = float(os.environ["DRIVER_BEAT_SECONDS"])

        def get_worker_id(self):
            return os.environ["DRIVER_WID"]

    worker = Driven(
        queues=os.environ["DRIVER_QUEUES"].split(" "),
        concurrency=int(os.environ["DRIVER_CONCURRENCY"]),
        use_threads=True,
    )
    jobs = {"Ok": lambda *_: None, "Fail": fail, "FailOnce": fail_once, "Sleep": sleep}
    for jobtype, then in jobs.items():
        worker.register(jobtype, telling(jobtype, then), bind=True)
    worker.faktory.connect(worker_id=worker.worker_id)
    say(event="ready")
    worker.run()


if __name__ == "__main__":
    work() if sys.argv[1] == "work" else push()
