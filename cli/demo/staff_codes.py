"""The authenticator apps of the demonstration's staff, so that nobody has to own a phone for it."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, TypeVar

from pyotp.totp import TOTP

from cli.demo.people import PASSWORD, STAFF
from cli.outcome import CommandError
from cli.private import write_private
from cli.services import Services

_Result = TypeVar("_Result")

Say = Callable[[str], None]


class StaffCodes:
    """Makes the codes that the members of staff log in with.

    Attributes:
        secrets: The secret of each member of staff, in base32, by e-mail.
    """

    def __init__(self, secrets: Mapping[str, str], say: Say) -> None:
        self.secrets = secrets
        self._say = say

    @classmethod
    def prepared(cls, services: Services, file: Path, say: Say) -> Self:
        """Makes sure that every member of staff has an account, and that its secret is known.

        A secret is known only when it is made, so it is kept in a file for its owner only. A member
        of staff whose secret is not there gets a new one.

        Args:
            services: Where the accounts are.
            file: What the secrets are kept in.
            say: Tells of waiting.

        Raises:
            CommandError: The suite refused something, or did not answer.
        """
        secrets: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        for member in STAFF:
            if member.email not in secrets:
                made = services.put_staff(
                    member.email, PASSWORD, member.roles, renew_second_factor=True
                )
                secrets[member.email] = made.totp_secret
                write_private(file, json.dumps(secrets, indent=2))
        return cls(secrets, say)

    def log_in(self, email: str, act: Callable[[str], _Result]) -> _Result:
        """Logs in with a code; each is taken once, so there may be a wait for the next one.

        Args:
            email: Who logs in.
            act: Logs in with the code that it is given.

        Raises:
            CommandError: The gateway refused or did not answer.
        """
        app, now = TOTP(self.secrets[email]), time.time()
        # The next code is taken a little early, because of clocks that are fast.
        for moment in (now, now + app.interval):
            try:
                return act(app.at(moment))
            except CommandError as error:
                if error.code != "WRONG_SECOND_FACTOR":
                    raise
        wait = app.interval - now % app.interval
        self._say(f"{email} has used this moment's codes; the next one comes in {wait:.0f} s.")
        time.sleep(wait)
        return act(app.at(now + 2 * app.interval))
