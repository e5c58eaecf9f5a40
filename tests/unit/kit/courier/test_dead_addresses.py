"""What an SMTP server's answer to RCPT says about the address."""

import pytest

from kit.courier.smtp import is_dead


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.1.1 <kari@example.com>: no such person"),
        (550, "5.1.2 no such domain"),
        (550, "5.1.10 the domain takes no mail"),
        (556, "5.1.10 the domain takes no mail"),
        (551, "5.1.6 moved"),
        (553, "5.1.3 bad syntax"),
        (550, "no such person"),
        (550, ""),
    ],
)
def test_nothing_will_ever_reach_it(code: int, text: str) -> None:
    assert is_dead(code, text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.7.1 blocked by a list"),
        (550, "5.7.26 neither SPF nor DKIM"),
        (550, "5.2.1 mailbox disabled"),
        (550, "5.1.0 <post@example.com>: sender rejected"),
        (550, "5.1.8 <post@example.com>: the sender's domain is not found"),
        (550, "5.1.7 the sender's address is malformed"),
        (552, "5.2.2 mailbox full"),
        (554, "5.7.1 relay access denied"),
        (554, "5.1.1 <kari@example.com>: a policy"),
        (551, "not local"),
        (553, "not allowed"),
        (450, "4.1.1 <kari@example.com>: cannot be verified now"),
        (450, "unavailable"),
    ],
)
def test_another_mail_may_reach_it(code: int, text: str) -> None:
    assert not is_dead(code, text)
