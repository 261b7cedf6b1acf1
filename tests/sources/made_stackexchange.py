"""A site's data dump, by the published schema of the dumps, and a page of the API."""

from __future__ import annotations

import json
from xml.sax.saxutils import quoteattr


def table(name: str, *rows: dict[str, object]) -> str:
    """Return a file of a dump."""
    lines = (
        "  <row " + " ".join(f"{k}={quoteattr(str(v))}" for k, v in row.items()) + " />"
        for row in rows
    )
    return "\n".join(
        ('<?xml version="1.0" encoding="utf-8"?>', f"<{name}>", *lines, f"</{name}>", "")
    )


def example() -> dict[str, str | bytes]:
    """Return a small site: three who write, the Community user, and one who was deleted."""
    users = table(
        "users",
        {"Id": -1, "CreationDate": "2010-07-19T06:55:26.860", "DisplayName": "Community"},
        {
            "Id": 11,
            "CreationDate": "2014-01-02T03:04:05.000",
            "DisplayName": "李雷",
            "Location": "x",
        },
        {"Id": 12, "CreationDate": "2014-02-02T03:04:05.000", "DisplayName": "Ana <b>"},
        {"Id": 13, "CreationDate": "2014-03-02T03:04:05.000", "DisplayName": "Silent Reader"},
    )
    posts = table(
        "posts",
        {"Id": 1, "PostTypeId": 1, "AcceptedAnswerId": 2, "CreationDate": "2014-05-01T10:00:00.123",
         "Score": 2, "Body": "<p>How do I &amp; why?</p>\n<pre><code>a &lt; b</code></pre>",
         "OwnerUserId": 11, "LastEditDate": "2014-05-02T00:00:00.000", "Title": "How", "Tags": "<x>"},
        {"Id": 2, "PostTypeId": 2, "ParentId": 1, "CreationDate": "2014-05-01T11:00:00.000",
         "Body": "<p>So.</p>", "OwnerUserId": 12},
        {"Id": 3, "PostTypeId": 2, "ParentId": 1, "CreationDate": "2014-05-03T11:00:00.000",
         "Body": "<p>这样做。</p>", "OwnerDisplayName": "user3141"},
        {"Id": 4, "PostTypeId": 5, "CreationDate": "2014-05-03T12:00:00.000", "Body": "tag wiki",
         "OwnerUserId": -1},
        {"Id": 5, "PostTypeId": 1, "CreationDate": "2014-05-04T11:00:00.000", "Body": "<p>?</p>",
         "OwnerUserId": -1},
    )  # fmt: skip
    comments = table(
        "comments",
        {"Id": 7, "PostId": 2, "Text": "Thanks &mdash; works", "CreationDate": "2014-05-01T12:00:00.000",
         "UserId": 11},
        {"Id": 8, "PostId": 1, "Text": "Why?", "CreationDate": "2014-05-01T13:00:00.000",
         "UserDisplayName": "user3141"},
    )  # fmt: skip
    votes = table(
        "votes",
        {"Id": 1, "PostId": 2, "VoteTypeId": 1, "CreationDate": "2014-05-02T00:00:00.000"},
        {"Id": 2, "PostId": 1, "VoteTypeId": 2, "CreationDate": "2014-05-02T00:00:00.000"},
        {"Id": 3, "PostId": 1, "VoteTypeId": 2, "CreationDate": "2014-05-02T00:00:00.000"},
        {"Id": 4, "PostId": 1, "VoteTypeId": 3, "CreationDate": "2014-05-03T00:00:00.000"},
        {"Id": 5, "PostId": 1, "VoteTypeId": 5, "UserId": 13, "CreationDate": "2014-05-03T00:00:00.000"},
        {"Id": 6, "PostId": 99, "VoteTypeId": 2, "CreationDate": "2014-05-03T00:00:00.000"},
    )  # fmt: skip
    badges = table(
        "badges",
        {"Id": 1, "UserId": 12, "Name": "Teacher", "Date": "2014-05-02T01:00:00.000", "Class": 3},
        {"Id": 2, "UserId": 12, "Name": "Scholar", "Date": "2014-05-02T01:00:00.000", "Class": 3},
    )
    return {
        "Users.xml": users, "Posts.xml": posts, "Comments.xml": comments, "Votes.xml": votes,
        "Badges.xml": badges, "PostHistory.xml": table("posthistory", {"Id": 1}),
    }  # fmt: skip


def page() -> str:
    """Return a page of ``/questions`` with answers and comments."""

    def owner(number: int, name: str, kind: str = "registered") -> dict[str, object]:
        return {"user_id": number, "display_name": name, "user_type": kind}

    question = {
        "question_id": 1, "owner": owner(11, "李雷"), "creation_date": 1398938400, "up_vote_count": 4,
        "down_vote_count": 1, "link": "https://garden.stackexchange.com/q/1", "body": "<p>How?</p>",
        "comments": [{"comment_id": 8, "owner": {"user_type": "does_not_exist", "display_name": "user9"},
                      "creation_date": 1398949200, "body": "Why?"}],
        "answers": [{"answer_id": 2, "is_accepted": True, "owner": owner(12, "Ana", "moderator"),
                     "creation_date": 1398942000, "body": "<p>So.</p>", "comments": [
                         {"comment_id": 7, "owner": owner(11, "李雷"), "creation_date": 1398945600,
                          "body": "Thanks"}]}],
    }  # fmt: skip
    return json.dumps(
        {"items": [question], "has_more": False, "quota_max": 300}, ensure_ascii=False
    )
