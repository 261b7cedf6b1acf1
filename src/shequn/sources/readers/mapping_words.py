"""Names of columns in Chinese and English, and of kinds of things, for guessing a mapping."""

from __future__ import annotations

from shequn.sources.readers import douyin, orders_words, spend, xiaohongshu

_TIME = ("时间|日期时间|timestamp|ts|time|datetime|date time", "日期|date")
_WHO = "用户id|成员id|账号|用户账号|userid|user id|member id|user|uid|openid|unionid|staffid|wxid|qq|qq号"
_CHANNEL = "频道|群|群名|群聊|群id|会话id|渠道|channel|channel id|group|group id|room|conversation id|chat id"

NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "messages": {
        "message_id": ("消息id|消息编号|messageid|message id|msgid|msg id|openmessageid", "编号|序号|id"),
        "channel_id": (_CHANNEL,),
        "thread_id": ("话题id|主题id|thread id|threadid|topic id|root id",),
        "author_id": (
            "发送者id|发送人id|发言人id|作者id|senderid|sender id|author id|authorid|from id",
            f"{_WHO}|发送者|发送人|发言人|作者|sender|author|from",
            "昵称|用户|成员|姓名|name|nickname",
        ),
        "ts": ("发送时间|发言时间|消息时间|sendtime|sent at|created at|createtime|create time", *_TIME),
        "kind": ("消息类型|msgtype|message type", "类型|type|kind"),
        "text": ("消息内容|内容|正文|文本|content|text|message|body|msg",),
        "reply_to_id": ("回复id|回复消息id|引用消息id|reply to|replyto|reply to id|parent id|parentid",),
        "edited_at": ("编辑时间|edited at|updated at",),
        "is_bot": ("是否机器人|机器人|is bot|bot",),
    },
    "members": {
        "member_id": (f"{_WHO}|id", "昵称|用户|成员|姓名|name|nickname"),
        "joined_at": (
            "入群时间|加入时间|进群时间|注册时间|joined at|join time|join date|registered at|created at",
        ),
        "join_method": ("入群方式|加入方式|join method|join scene",),
        "join_channel": ("来源渠道|获客渠道|渠道|source|utm source|channel",),
        "inviter_id": ("邀请人id|邀请人|推荐人|inviter|invited by|inviter id|referrer",),
        "left_at": ("退群时间|离开时间|left at|leave time",),
        "role": ("角色|群角色|身份|role",),
        "is_staff": ("是否员工|员工|staff|is staff",),
        "is_bot": ("是否机器人|机器人|is bot|bot",),
        "trust_level": ("信任等级|等级|trust level|level",),
    },
    "membership_events": {
        "ts": _TIME,
        "channel_id": (_CHANNEL,),
        "member_id": (f"{_WHO}|用户|成员|昵称|member|name",),
        "action": ("动作|操作|事件|事件类型|action|event|event type|change type", "类型|type"),
        "actor_id": ("操作人|邀请人|actor|operator|inviter",),
        "method": ("方式|入群方式|method|join scene",),
    },
    "events": {
        "event_id": ("事件id|event id",),
        "ts": ("事件时间|发生时间|event time|event timestamp|occurred at", *_TIME),
        "member_id": (f"{_WHO}|distinct id|user pseudo id|用户",),
        "session_id": ("会话id|session id|ga session id|visit id",),
        "name": ("事件名|事件名称|事件|event name|event|步骤|step",),
        "channel": ("渠道|来源|channel|source|utm source",),
        "campaign": ("活动|推广活动|campaign|utm campaign",),
        "value": ("金额|数值|value|event value|revenue",),
        "props": ("属性|参数|properties|props|params",),
    },
    "activity": {
        "member_id": (f"{_WHO}|用户|成员",),
        "date": ("日期|访问日期|登录日期|学习日期|day|date|visited at", "时间|time"),
        "kind": ("活动类型|行为|行为类型|activity|activity type|kind",),
        "n": ("次数|访问次数|登录次数|count|visits|views|n",),
        "seconds": ("时长|停留时长|学习时长|在线时长|seconds|duration|time read",),
    },
    "survey_answers": {
        "survey_id": ("问卷|问卷id|survey|survey id",),
        "respondent_id": (
            "答卷编号|答题序号|受访者|受访者id|respondent|respondent id|response id|responseid",
        ),
        "submitted_at": ("提交时间|答题时间|提交答卷时间|submitted at|date submitted|completed at",),
        "item_id": ("题目|题号|问题|题目id|question|question id|item|item id",),
        "value": ("答案|得分|分值|选项|answer|score|value|response",),
    },
    "orders": {
        **{
            c: orders_words.NAMES[c]
            for c in ("order_id", "ts", "gross", "discount", "refund", "cost", "currency", "product",
                      "qty", "channel", "coupon")
        },
        "ts": (*orders_words.NAMES["ts"], *orders_words.NAMES["created"]),
        "member_id": tuple(
            rank for c in ("account", "phone", "email") for rank in orders_words.NAMES[c]
        ),
        "referrer_id": orders_words.NAMES["referrer"],
    },
    "spend": {c: names for c, names in spend.NAMES.items() if c != "until"},
    "content_stats": {
        "content_id": ("作品id|笔记id|视频id|内容id|文章id|content id|note id|video id|post id",),
        "snapshot_at": ("统计时间|数据时间|导出时间|快照时间|snapshot at",),
        **{
            c: tuple(dict.fromkeys((*xiaohongshu.NAMES.get(c, ()), *names)))
            for c, names in {**xiaohongshu.NAMES, **douyin.NAMES}.items()
            if c != "state"
        },
    },
}  # fmt: skip
# The name shown beside an id of a person.
PEOPLE_NAMES = (
    "昵称|群昵称|用户昵称|显示名|姓名|用户名|发送者昵称|nickname|nick|display name|sender name|author name|name",
)
KINDS = {
    "文本": "text", "文字": "text", "文本消息": "text", "markdown": "text", "图片": "image", "照片": "image",
    "picture": "image", "photo": "image", "语音": "voice", "audio": "voice", "视频": "video",
    "文件": "file", "表情": "sticker", "动画表情": "sticker", "emoji": "sticker", "链接": "link",
    "红包": "redpacket", "转账": "transfer", "通话": "call", "名片": "share", "位置": "share",
    "小程序": "share", "卡片": "share", "card": "share", "转发": "forward", "聊天记录": "forward",
    "投票": "poll", "系统": "system", "系统消息": "system", "通知": "system", "撤回": "recall",
    "其他": "other", "其它": "other",
    "加入": "join", "入群": "join", "进群": "join", "joined": "join", "add": "join", "退出": "leave",
    "退群": "leave", "离开": "leave", "left": "leave", "移出": "kick", "踢出": "kick", "removed": "kick",
    "封禁": "ban", "禁言": "ban", "通过": "approve", "改名": "rename",
    "访问": "visit", "浏览": "view", "阅读": "read", "登录": "login", "签到": "visit",
    "邀请": "invite", "扫码": "qr", "二维码": "qr", "搜索": "search", "申请": "request", "未知": "unknown",
}  # fmt: skip
