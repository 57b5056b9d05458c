"""What to say when the job server cannot be used."""

import os
import sys
from contextlib import contextmanager
from urllib.parse import urlparse

from faktory.exceptions import FaktoryAuthenticationError, FaktoryConnectionResetError

# The client reads the same variable; its value may hold a password.
_url = urlparse(os.environ.get("FAKTORY_URL", "tcp://localhost:7419"))
_address = f"{_url.hostname}:{_url.port or 7419}"


@contextmanager
def explained():
    """Ends the program, with a message that says what to do, when the server fails its block."""
    try:
        yield
    except FaktoryAuthenticationError:
        sys.exit(
            f"The job server at {_address} refused the password.\n"
            "It belongs into the URL: FAKTORY_URL=tcp://:PASSWORD@HOST:PORT"
        )
    except FaktoryConnectionResetError:
        sys.exit(
            f"The job server at {_address} closed the connection.\n"
            "This client does not reconnect: start it again, or run it under a supervisor."
        )
    except OSError as error:
        sys.exit(
            f"No job server answers at {_address}: {error}\n"
            "Start Jobmill with `npm start`, or set FAKTORY_URL to where it runs."
        )
