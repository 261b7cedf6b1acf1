"""Read Discourse: its lists and archives in CSV, Data Explorer's CSV, and pages of its API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.platforms import Head
from shequn.sources.readers import discourse_csv
from shequn.sources.readers.discourse_posts import Posts
from shequn.sources.report import Reading
from shequn.text import Text

NAME = Text("Discourse", "Discourse")
HINT = Text(
    "As an administrator export the user list, and the posts with a Data Explorer query; or save "
    "pages of the API (/posts.json, /t/ID.json); or give a user archive's zip.",
    "请以管理员身份导出用户列表，并用 Data Explorer 查询导出帖子；也可保存 API 页面"
    "（/posts.json、/t/ID.json），或给出用户存档的 zip。",
)
LAYOUTS = {
    "user-list": Text(
        "columns id, username, created_at, trust_level",
        "含 id、username、created_at、trust_level 列",
    ),
    "posts-csv": Text(
        "columns topic_id, post_number, created_at", "含 topic_id、post_number、created_at 列"
    ),
    "likes-csv": Text(
        "columns post_id, topic_id, post_number", "含 post_id、topic_id、post_number 列"
    ),
    "invites-csv": Text("columns user_id, invited_by_id", "含 user_id、invited_by_id 列"),
    "badges-csv": Text("columns badge_id, granted_at", "含 badge_id、granted_at 列"),
    "visits-csv": Text("columns visited_at, posts_read", "含 visited_at、posts_read 列"),
    "archive-posts": Text(
        "columns topic_title, is_pm, url, created_at", "含 topic_title、is_pm、url、created_at 列"
    ),
    "archive-owner": Text("preferences.json of a user archive", "用户存档里的 preferences.json"),
    "posts-json": Text("the key latest_posts", "含 latest_posts 键"),
    "topic-json": Text("the key post_stream", "含 post_stream 键"),
    "post-json": Text(
        "one post with topic_id and post_number", "含 topic_id 与 post_number 的一个帖子"
    ),
    "categories-json": Text("the key category_list", "含 category_list 键"),
}
# Whose likes are known by name must be known before posts are counted, and a file's owner first.
_ORDER = (
    "archive-owner", "categories-json", "user-list", "likes-csv", "invites-csv", "badges-csv",
    "visits-csv", "archive-posts", "posts-csv", "posts-json", "topic-json", "post-json",
)  # fmt: skip
_COLUMNS = {
    "user-list": {"id", "username", "created_at", "trust_level"},
    "archive-posts": {"topic_title", "is_pm", "url", "created_at"},
    "likes-csv": {"post_id", "topic_id", "post_number", "created_at"},
    "posts-csv": {"topic_id", "post_number", "created_at"},
    "invites-csv": {"user_id", "invited_by_id"},
    "badges-csv": {"badge_id", "granted_at"},
    "visits-csv": {"visited_at", "posts_read"},
}
_BACKUP = Text(
    "a backup holds every password, address and private message: export the lists named in the guide",
    "备份里有所有密码、地址与私信，不读取：请改为导出指南里列出的几份列表",
)
_TALKS = Text("private messages", "私信")
PRIVATE = (_TALKS,)
_TOPICS = Text("a list of topics without their posts", "只有话题列表，没有帖子")
_SECRET = Text("sign-ins, addresses or settings: not needed", "登录记录、地址或设置：用不到")
_SECRETS = ({"client_ip"}, {"ip_address", "action"}, {"bookmarkable_id"}, {"bio"}, {"flag_type"},
            {"notification_level"}, {"verdict"}, {"post_action_type"})  # fmt: skip


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if head.name in ("dump.sql", "dump.sql.gz"):
        return _BACKUP
    if head.name == "preferences.json":
        return "archive-owner" if '"username"' in head.text else None
    if head.named(".json") and head.text.startswith("{"):
        return _json(head.text)
    if head.named(".csv"):
        columns = set(head.header)
        for layout, needed in _COLUMNS.items():
            if needed <= columns:
                return layout
        if any(secret <= columns for secret in _SECRETS):
            return _SECRET
    return None


def _json(text: str) -> str | Text | None:
    if '"private_posts"' in text:
        return _TALKS
    if '"latest_posts"' in text:
        return "posts-json"
    if '"post_stream"' in text and '"posts"' in text:
        return "topic-json"
    if '"topic_id"' in text and '"post_number"' in text and ('"cooked"' in text or '"raw"' in text):
        return "post-json"
    if '"topic_list"' in text and '"topics"' in text:
        return _TOPICS
    if '"category_list"' in text:
        return "categories-json"
    return None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    posts = Posts(intake)
    lists = discourse_csv.Lists(posts, intake)
    for file in sorted(files, key=lambda f: _ORDER.index(f.layout)):
        intake.open(file)
        if file.layout in ("posts-csv", "archive-posts"):
            lists.posts(file)
        elif file.layout == "archive-owner":
            lists.owner(file)
        elif file.layout.endswith(("-csv", "-list")):
            lists.read(file)
        elif file.layout == "categories-json":
            _categories(file, posts)
        else:
            for post, topic in _pages(file):
                posts.put(post, file, topic)
    posts.finish()
    lists.finish()


def _pages(file: Reading) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield posts with what is known of their topic."""
    stream = JsonStream(file.file)
    if file.layout == "posts-json":
        for key in stream.members():
            if key == "latest_posts" and stream.peek() == "[":
                for post in stream.values():
                    yield post, {}
            else:
                stream.value()
    else:  # a page of a topic is small, and what it says of the topic comes last
        page = stream.value()
        if file.layout == "post-json":
            yield page, {}
        elif isinstance(page, dict) and isinstance(page.get("post_stream"), dict):
            found = page["post_stream"].get("posts")
            for post in found if isinstance(found, list) else ():
                yield post, page
    stream.end()


def _categories(file: Reading, posts: Posts) -> None:
    stream = JsonStream(file.file)
    page = stream.value()
    stream.end()
    stack = [page.get("category_list") if isinstance(page, dict) else None]
    while stack:
        level = stack.pop()
        found = (
            level.get("categories", level.get("subcategory_list"))
            if isinstance(level, dict)
            else None
        )
        for category in found if isinstance(found, list) else ():
            if isinstance(category, dict) and type(category.get("id")) is int:
                file.read += 1
                name = category.get("name")
                posts.channel(category["id"], name if isinstance(name, str) else None)
                stack.append({"categories": category.get("subcategory_list")})
