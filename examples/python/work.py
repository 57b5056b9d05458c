"""Works on the jobs of push.py, of any of the languages, until Ctrl-C."""

import logging
import sys
from functools import wraps

from faktory import Worker

from jobs import digest_file, publish_report, say
from server import explained


def telling(jobtype, job):
    """The job, with a line on stdout when it fails; the client reports the failure by itself."""

    @wraps(job)
    def run(*args):
        try:
            job(*args)
        except Exception as error:
            say(f"{jobtype} failed: {error}")
            raise

    return run


def main():
    # The client logs each failed job with its traceback; `telling` says it in one line.
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.exc_info is None)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, format="%(message)s")

    worker = Worker(queues=["example"], concurrency=4, use_threads=True, labels=["example"])
    for jobtype, job in [("DigestFile", digest_file), ("PublishReport", publish_report)]:
        worker.register(jobtype, telling(jobtype, job))
    with explained():
        worker.faktory.connect(worker_id=worker.worker_id)
        print("Working; stop with Ctrl-C")
        try:
            worker.run()
        except SystemExit:
            # The client exits with 1 however it ends. Having been told to stop is no failure.
            sys.exit(0 if worker.is_disconnecting else 1)
        except KeyboardInterrupt:
            sys.exit("Stopped by a second Ctrl-C")


if __name__ == "__main__":
    main()
