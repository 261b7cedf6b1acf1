"""Tables of a tool that no reader knows, and mappings written by hand for them."""

from __future__ import annotations

from made_tables import text

CHAT = [
    ["编号", "用户ID", "昵称", "时间", "类型", "内容", "回复", "点名"],
    ["m1", "u1", "小橘", "2025/03/01 10:00", "文本", "大家好", "", ""],
    ["m2", "u2", "Bo", "2025/03/01 10:05", "图片", "[图片]", "m1", "u1;u3"],
    ["m3", "u1", "小橘", "2025/03/01 23:59", "贴纸", "x", "", ""],
    ["m4", "u1", "小橘", "昨天", "文本", "x", "", ""],
]
CHAT_MAP = """
tables:
  - table: messages
    file: "chat*.csv"
    columns:
      message_id: 编号
      author_id: {column: 用户ID, name: 昵称}
      ts: {column: 时间, format: "%Y/%m/%d %H:%M", zone: Asia/Shanghai}
      kind: {column: 类型, values: {文本: text, 图片: image}, other: other}
      text: 内容
      reply_to_id: 回复
      mentions: {column: 点名, split: ";"}
      channel_id: {value: main}
"""
PEOPLE = [
    ["账号", "名字", "注册时间", "邀请人", "员工"],
    ["u1", "小橘", "1740000000", "", "是"],
    ["u2", "Bo", "1740000100", "u1", "否"],
    ["u9", "Quiet", "1740000200", "u2", ""],
]
PEOPLE_MAP = """
  - table: members
    file: people.csv
    columns:
      member_id: {column: 账号, name: 名字}
      joined_at: {column: 注册时间, format: unix}
      inviter_id: 邀请人
      is_staff: 员工
"""


def example() -> dict[str, str | bytes]:
    """Return a table of messages and one of members."""
    return {"chat-1.csv": text(CHAT[:-1]), "people.csv": text(PEOPLE)}


MAP = CHAT_MAP + PEOPLE_MAP
