"""The driver of PyPI pyfaktory; what it is told and what it says: ../driver.ts."""

import json
import os
import sys
import time

from pyfaktory import Client, Consumer, Job, Producer


def say(**event):
    # Handlers run in processes of their own: one small write keeps their lines whole.
    line = json.dumps(event, separators=(",", ":")) + "\n"
    os.write(1, line.encode())


def push():
    order = json.load(sys.stdin)
    jobs = [Job(**one) for one in order["jobs"]]
    with Client(role="producer") as client:
        producer = Producer(client)
        if order["bulk"]:
            refused = producer.push_bulk(jobs)
            for job in jobs:
                reason = refused.get(job.jid)
                if reason is None:
                    say(event="pushed", jid=job.jid)
                else:
                    say(event="refused", jid=job.jid, reason=reason)
            return
        for job in jobs:
            producer.push(job)
            say(event="pushed", jid=job.jid)


failed_once = set()


def ok(jid, *args):
    say(event="ran", jid=jid, jobtype="Ok", args=args)


def fail(jid, *args):
    say(event="ran", jid=jid, jobtype="Fail", args=args)
    raise RuntimeError("boom")


def fail_once(jid, *args):
    say(event="ran", jid=jid, jobtype="FailOnce", args=args)
    if jid not in failed_once:
        failed_once.add(jid)
        raise RuntimeError("not yet")


def sleep(jid, seconds):
    say(event="ran", jid=jid, jobtype="Sleep", args=[seconds])
    time.sleep(seconds)
    say(event="done", jid=jid)


def work():
    client = Client(
        role="consumer",
        worker_id=os.environ["DRIVER_WID"],
        beat_period=int(os.environ["DRIVER_BEAT_SECONDS"]),
    )
    with client:
        consumer = Consumer(
            client,
            queues=os.environ["DRIVER_QUEUES"].split(" "),
            priority="strict",
            concurrency=int(os.environ["DRIVER_CONCURRENCY"]),
        )
        jobs = {"Ok": ok, "Fail": fail, "FailOnce": fail_once, "Sleep": sleep}
        for jobtype, handler in jobs.items():
            consumer.register(jobtype, handler, bind=True)
        say(event="ready")
        consumer.run()


if __name__ == "__main__":
    work() if sys.argv[1] == "work" else push()
