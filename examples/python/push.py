"""Pushes a DigestFile job for each file of a folder, then one PublishReport job."""

import sys
import tempfile
from pathlib import Path

import faktory

from server import explained


def push(client, jobtype, *args):
    # The client does not raise when the server refuses a job: it returns False.
    if not client.queue(jobtype, args=args, queue="example", retry=25):
        sys.exit(f"The job server refused a {jobtype} job")


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        sys.exit(f"Cannot read the folder: {error}")
    if not files:
        sys.exit(f"There are no files in {folder}")

    with explained(), faktory.connection() as client:
        # The jobs of one run share a folder, so that their results outlive the worker.
        run = Path(tempfile.mkdtemp(prefix="jobmill-example-"))
        for index, file in enumerate(files):
            push(client, "DigestFile", str(file), str(run / f"{index}.json"))
        push(client, "PublishReport", str(run), len(files))
    print(f"Pushed {len(files)} DigestFile jobs and one PublishReport job for {folder}")


if __name__ == "__main__":
    main()
