"""Whatever stands in a call that is signed: it is read, or refused as unreadable."""

import hashlib
import hmac
import json
from base64 import b64encode
from contextlib import suppress
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.web.hooks import Event, Malformed, generic, mailgun, postmark, ses
from tests.builders import NOON

NAMES = st.sampled_from(
    "id kind severity address event email status reason event-data signature recipient message"
    " headers message-id delivery-status code RecordType Type Email Details ID SuppressSending"
    " notificationType bounce bouncedRecipients complaint complainedRecipients emailAddress"
    " bounceType feedbackId mail source commonHeaders messageId".split()
)
WORDS = st.sampled_from(
    "bounce complaint leave failed complained Bounce SpamComplaint SubscriptionChange Complaint"
    " HardBounce hard \ud800 550 5.1.1".split(" ")
)
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
BASIC = {"authorization": "Basic " + b64encode(b"a:b").decode()}


def check(events: list[Event]) -> None:
    for event in events:
        incoming = event.incoming("one")
        assert len(incoming.key) == 64
        assert incoming.trusted


@given(VALUES)
@example({"id": "\ud800", "kind": "bounce", "event": "complained", "recipient": "\ud800@a"})
def test_odd_calls(value: Any) -> None:
    body = json.dumps(value).encode()
    with suppress(Malformed):
        check(list(generic.events(body, {"authorization": "Bearer t"}, "t")))
    with suppress(Malformed):
        check(list(postmark.events(body, BASIC, "a:b")))
    with suppress(Malformed):
        check(list(ses._events(value, "m", b"secret")))
    stamp = str(int(NOON.timestamp()))
    signed = hmac.new(b"k", f"{stamp}t".encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": stamp, "token": "t", "signature": signed}
    told = json.dumps({"signature": signature, "event-data": value}).encode()
    call = mailgun.call(told, "k", NOON)
    check([call.event] if call.event else [])
