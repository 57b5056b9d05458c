"""What the worker does for each type of job."""

import hashlib
import json
import os
import sys
import zlib
from pathlib import Path


def say(line):
    """Prints a line in one piece: jobs run in threads, and `print` writes the line's end apart."""
    sys.stdout.write(f"{line}\n")


def digest_file(file, record):
    """Computes a file's SHA-256 and its size under gzip, and keeps both in the JSON file record."""
    sha256 = hashlib.sha256()
    compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)  # 16: with gzip's header
    size = 0
    gzip = 0
    with open(file, "rb") as stream:
        while chunk := stream.read(64 * 1024):
            sha256.update(chunk)
            size += len(chunk)
            gzip += len(compressor.compress(chunk))
    gzip += len(compressor.flush())
    found = {"file": file, "bytes": size, "gzip": gzip, "sha256": sha256.hexdigest()}
    # Renamed into place: a job may run twice, and whoever reads the record must find a whole one.
    Path(f"{record}.part").write_text(json.dumps(found), encoding="utf-8")
    os.replace(f"{record}.part", record)
    say(f"DigestFile {file}: {size} bytes, gzip {gzip} bytes, sha256 {found['sha256']}")


def publish_report(run, count):
    """
    Writes what `sha256sum --check` reads. It fails until the report is approved; its first attempt
    asks for that, so the retry succeeds.
    """
    approval = Path(run, "approved")
    if not approval.exists():
        approval.touch()
        raise RuntimeError("the report is not approved yet (the retry comes in 15 to 44 seconds)")
    records = [json.loads(path.read_text(encoding="utf-8")) for path in Path(run).glob("*.json")]
    if len(records) < count:
        raise RuntimeError(f"{len(records)} of {count} files are digested")

    report = Path(run, "report.txt")
    lines = [f"{record['sha256']}  {record['file']}\n" for record in records]
    report.write_text("".join(lines), encoding="utf-8")
    size = sum(record["bytes"] for record in records)
    gzip = sum(record["gzip"] for record in records)
    say(f"PublishReport {report}: {count} files, {size} bytes, gzip {gzip} bytes")
