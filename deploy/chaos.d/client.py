"""A node as its clients see it: four reads and a write, each bounded in time."""

import http.client
import json

# A node that is alive answers within milliseconds. On a busy machine one answer in ten thousand takes a second.
TIMEOUT = 2.0
# Just after its start a node holds a write until it knows the cluster's value, for at most 1.5 s.
WRITE_TIMEOUT = 5.0


class Unanswered(Exception):
    """There was no answer, or one that makes no sense."""


def ask(address, path, method="GET", timeout=TIMEOUT):
    """Status, headers and text of an answer."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read(1 << 20).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()


def stamp(address):
    """The stamp that a node holds, as (generation, value)."""
    status, headers, text = ask(address, "/get")
    generation, _, value = headers.get("ETag", "").strip('"').partition(".")
    if status != 200 or not generation.isdigit() or text.strip() != value:
        raise Unanswered(f"/get answered {status}, {headers.get('ETag')}, {text[:80]!r}")
    return int(generation), int(value)


def members(address):
    """The members that a node knows, as a list of dictionaries."""
    status, _, text = ask(address, "/members?format=json")
    if status != 200:
        raise Unanswered(f"/members answered {status}: {text[:80]!r}")
    try:
        return json.loads(text)["members"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unanswered(f"/members: {error!r}: {text[:80]!r}") from error


def write(address, value):
    """Writes a value and returns the stamp that it was given."""
    status, _, text = ask(address, f"/set/{value}?format=json", method="POST", timeout=WRITE_TIMEOUT)
    if status != 200:
        raise Unanswered(f"/set answered {status}: {text[:80]!r}")
    try:
        answer = json.loads(text)
        return int(answer["generation"]), int(answer["value"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unanswered(f"/set: {error!r}: {text[:80]!r}") from error
