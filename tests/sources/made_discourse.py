"""Discourse's CSV lists, a user archive, Data Explorer's CSV, and pages of its API."""

from __future__ import annotations

import csv
import io
import json
import zipfile

USER_LIST = (
    "id name username email title created_at last_seen_at last_posted_at last_emailed_at trust_level "
    "approved suspended_at suspended_till silenced_till active admin moderator ip_address staged "
    "topics_entered posts_read_count time_read topic_count post_count likes_given likes_received "
    "location website views group_names"
)


def sheet(named: str, *rows: dict[str, object], short: bool = False) -> str:
    """Return a CSV of columns; ``short`` leaves out what is empty at the end of rows."""
    columns = named.split()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = [row.get(c, "") for c in columns]
        while short and cells and cells[-1] == "":
            cells.pop()
        writer.writerow(cells)
    return out.getvalue()


def post(
    topic: int, number: int, user: int, name: str, at: str, html: str, **more: object
) -> dict[str, object]:
    """Return a post as the API gives it."""
    return {
        "id": topic * 100 + number, "topic_id": topic, "post_number": number, "user_id": user,
        "username": name, "name": name.title(), "created_at": at, "updated_at": at, "cooked": html,
        "post_type": 1, "reply_to_post_number": None, "version": 1, "actions_summary": [],
        "moderator": False, "admin": False, "trust_level": 1, "deleted_at": None, **more,
    }  # fmt: skip


def archive(
    name: str = "user_archive-Mei_Mei-240401-120000-7", *, owner: bool = True
) -> dict[str, bytes]:
    """Return the zip that a user gets of her own account."""
    files = {
        "user_archive.csv": sheet(
            "topic_title categories is_pm post_raw post_cooked like_count reply_count url created_at",
            {"topic_title": "Seeds", "categories": "Garden", "is_pm": "No", "post_raw": "in May",
             "post_cooked": "<p>in May</p>", "like_count": 1, "created_at": "2024-03-05 08:00:00 UTC",
             "url": "https://d.example/t/seeds/70/3"},
            {"topic_title": "Secret", "categories": "-", "is_pm": "Ja", "post_raw": "psst",
             "created_at": "2024-03-05 09:00:00 UTC", "url": "https://d.example/t/secret/71/1"},
        ),
        "likes.csv": sheet(
            "id post_id topic_id post_number created_at updated_at deleted_at deleted_by",
            {"id": 1, "post_id": 7001, "topic_id": 70, "post_number": 1, "created_at": "2024-03-06 10:00:00 UTC"},
            {"id": 2, "post_id": 7002, "topic_id": 70, "post_number": 2, "created_at": "2024-03-06 11:00:00 UTC",
             "deleted_at": "2024-03-06 12:00:00 UTC", "deleted_by": "self"},
        ),
        "badges.csv": sheet(
            "badge_id badge_name granted_at post_id seq granted_manually notification_id featured_rank",
            {"badge_id": 5, "badge_name": "Welcome", "granted_at": "2024-03-06 10:00:00 UTC", "seq": 0},
            {"badge_id": 9, "badge_name": "Autobiographer", "granted_at": "2024-03-06 10:00:00 UTC", "seq": 0},
        ),
        "visits.csv": sheet(
            "visited_at posts_read mobile time_read",
            {"visited_at": "2024-03-05", "posts_read": 12, "mobile": "false", "time_read": 340},
            {"visited_at": "2024-03-06", "posts_read": 0, "mobile": "true", "time_read": 0},
        ),
        "auth_tokens.csv": sheet("id auth_token_hash client_ip", {"id": 1, "client_ip": "192.0.2.9"}),
    }  # fmt: skip
    if owner:
        files["preferences.json"] = json.dumps({"user": {"id": 3, "username": "Mei_Mei"}}, indent=1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for file, text in files.items():
            packed.writestr(zipfile.ZipInfo(f"{name}/{file}"), text)
    return {f"{name}.zip": out.getvalue()}


def example() -> dict[str, str | bytes]:
    """Return a forum with an invitation, a suspension, a robot, likes and a quotation."""
    users = sheet(
        USER_LIST,
        {"id": -1, "name": "system", "username": "system", "created_at": "2023-01-01 00:00:00 UTC",
         "trust_level": 4, "admin": "true", "group_names": "staff"},
        {"id": 2, "name": "Li, Lei", "username": "LiLei", "email": "li.lei@example.com", "admin": "true",
         "created_at": "2023-05-01 08:00:00 UTC", "trust_level": 3, "ip_address": "192.0.2.1",
         "staged": "false", "group_names": "admins;staff"},
        {"id": 3, "name": "韩梅梅", "username": "Mei_Mei", "email": "mei@example.com",
         "created_at": "2024-03-01 08:00:00 UTC", "trust_level": 1, "staged": "false"},
        {"id": 4, "name": "Spam", "username": "spam", "email": "s@example.net", "trust_level": 0,
         "created_at": "2024-03-02 08:00:00 UTC", "suspended_at": "2024-03-03 08:00:00 UTC",
         "suspended_till": "3018-03-03 08:00:00 UTC", "staged": "false"},
        {"id": 5, "username": "mailer", "created_at": "2024-03-02 09:00:00 UTC", "trust_level": 0,
         "staged": "true"},
        {"id": 6, "username": "rested", "created_at": "2024-01-02 09:00:00 UTC", "trust_level": 2,
         "suspended_at": "2024-02-01 08:00:00 UTC", "suspended_till": "2024-02-08 08:00:00 UTC"},
        short=True,
    )  # fmt: skip
    quote = ('<aside class="quote no-group" data-username="LiLei" data-post="1" data-topic="70"><blockquote>'
             "When to sow?</blockquote></aside><p>Soon.</p>")  # fmt: skip
    stream = [
        post(70, 1, 2, "LiLei", "2024-03-05T06:00:00.123Z", "<p>When to sow?</p>", admin=True, trust_level=3,
             actions_summary=[{"id": 2, "count": 3}]),
        post(70, 2, 3, "Mei_Mei", "2024-03-05T07:00:00.000Z",
             '<p><a class="mention" href="/u/lilei">@LiLei</a> 五月。</p>', reply_to_post_number=1, version=2,
             updated_at="2024-03-05T07:30:00.000Z"),
        post(70, 4, -2, "discobot", "2024-03-05T09:00:00.000Z", "<p>beep</p>"),
        post(70, 5, 3, "Mei_Mei", "2024-03-05T10:00:00.000Z", quote),
        post(70, 6, -1, "system", "2024-03-05T11:00:00.000Z", "<p>closed</p>", post_type=3),
        post(70, 7, 2, "LiLei", "2024-03-05T12:00:00.000Z", "<p>staff only</p>", post_type=4),
    ]  # fmt: skip
    topic = {"post_stream": {"posts": stream, "stream": []}, "id": 70, "title": "Seeds", "category_id": 8,
             "archetype": "regular"}  # fmt: skip
    whisper = {"post_stream": {"posts": [post(90, 1, 2, "LiLei", "2024-03-05T12:00:00Z", "<p>you</p>")]},
               "id": 90, "archetype": "private_message"}  # fmt: skip
    explored = sheet(
        "id topic_id user_id created_at updated_at post_number reply_to_post_number raw like_count deleted_at "
        "category_id archetype",
        {"topic_id": 80, "user_id": 3, "created_at": "2024-03-07 06:00:00 UTC", "post_number": 1, "like_count": 2,
         "raw": 'Two lines,\n"quoted"', "category_id": 9, "archetype": "regular"},
        {"topic_id": 80, "user_id": 6, "created_at": "2024-03-07 07:00:00 UTC", "post_number": 2, "category_id": 9,
         "raw": '[quote="Mei, post:1, topic:80"]\nTwo[/quote]\nGone', "deleted_at": "2024-03-08 07:00:00 UTC",
         "archetype": "regular"},
        {"topic_id": 81, "user_id": 6, "created_at": "2024-03-07 07:00:00 UTC", "post_number": 1, "raw": "psst",
         "archetype": "private_message"},
    )  # fmt: skip
    return {
        "user-list-240401-120000-3.csv": users,
        "invites.csv": sheet(
            "user_id invited_by_id redeemed_at",
            {"user_id": 3, "invited_by_id": 2, "redeemed_at": "2024-03-01 08:00:00 UTC"},
            {"user_id": "", "invited_by_id": 2, "redeemed_at": ""},
        ),
        "posts.csv": explored,
        "t70.json": json.dumps(topic, ensure_ascii=False),
        "t90.json": json.dumps(whisper),
        "categories.json": json.dumps(
            {"category_list": {"categories": [{"id": 8, "name": "Garden"}]}}
        ),
        "latest.json": json.dumps({"topic_list": {"topics": []}}),
        **archive(),
    }
