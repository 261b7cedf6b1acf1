"""What figures call the weekly indicators; a test holds it against the metrics' own words."""

from __future__ import annotations

from shequn.text import Text

INDICATORS = {
    "speakers": Text("speakers", "发言者"),
    "active_days": Text("days per speaker", "人均发言天数"),
    "messages_per_speaker": Text("messages per speaker", "人均消息数"),
    "stayed": Text("last week's speakers, back", "上周发言者再发言率"),
    "replies": Text("replies, of messages", "消息里的回复占比"),
    "reactions_per_message": Text("reactions per message", "每条消息的表情回应"),
    "joins": Text("members who joined", "入群的人"),
}
