"""What shops call the columns of their order lists, and the states of an order."""

from __future__ import annotations

# Column -> names, best first; names of one rank are divided by a bar. Compiled in November 2026
# from the shops' help pages and from programs that read such files.
NAMES = {
    "order_id": (
        "订单编号|订单号|主订单编号|主订单号|order id|order number|order no|orderid|order_id",
        "交易单号|订单id|订单流水号|order|name",
    ),
    "account": (
        "买家id|用户id|会员id|客户id|下单用户id|buyer id|customer id|user id|member id",
        "买家会员名|买家账号|会员名|会员账号|buyer account|buyer username",
    ),
    # Two people may bear one: it stands for the buyer only where nothing better does.
    "nick": (
        "买家昵称|用户昵称|客户昵称|买家姓名|customer name|billing name",
        "昵称|买家|客户|下单人|customer|buyer",
    ),
    "phone": (
        "买家手机号|买家手机号码|下单人手机号|客户手机号|会员手机号|用户手机号|手机号|手机号码|手机|"
        "phone|phone number|buyer phone",
        "收货人手机号|收货人手机号/提货人手机号|收件人手机|收货手机|联系手机|联系电话|收货人电话|"
        "billing phone|shipping phone",
    ),
    "email": ("email|e-mail|邮箱|电子邮箱|customer email|buyer email",),
    "ts": (
        "付款时间|支付时间|买家付款时间|订单付款时间|支付完成时间|订单支付时间|paid at|payment date|"
        "payment time|paid time",
    ),
    "created": (
        "订单创建时间|下单时间|订单提交时间|created at|order date|order time|date created|purchase date",
        "创建时间|成交时间|date",
    ),
    "gross": (
        "买家实际支付金额|买家实付金额|订单实际支付金额|实付金额|实际支付金额|订单实付金额|订单实付|实付款|实收款|实收金额|"
        "实付|支付金额|付款金额|amount paid|paid amount|total paid",
        "应付金额|订单金额|订单总金额|订单应付金额|买家应付货款|总金额|total|order total|total price|"
        "grand total",
        "金额|商品金额合计|商品实际成交金额|amount",
    ),
    "discount": (
        "优惠金额|订单优惠金额|优惠总金额|订单优惠|店铺优惠合计|优惠|discount amount|discount|"
        "total discounts",
    ),
    "refund": (
        "退款金额|已退款金额|订单已退款金额|商品已退款金额|退款|refunded amount|refund amount|refund|"
        "total refunded",
    ),
    "cost": ("成本|成本价|商品成本|采购成本|cost|cost of goods|unit cost",),
    "currency": ("币种|货币|currency|currency code",),
    "product": (
        "商品名称|商品标题|宝贝标题|宝贝名称|全部商品名称|商品|lineitem name|product|product name|"
        "product title|item name|item",
    ),
    "qty": (
        "商品数量|购买数量|宝贝总数量|宝贝数量|商品数量合计|数量|lineitem quantity|quantity|qty",
    ),
    "channel": (
        "订单来源|下单渠道|销售渠道|渠道|来源渠道|推广渠道|source|channel|sales channel|source name|"
        "utm source",
    ),
    "coupon": (
        "优惠券|优惠券名称|优惠码|优惠券码|券名称|discount code|coupon|coupon code|discount codes",
    ),
    "referrer": ("推荐人|邀请人|分销员|推荐人id|邀请人id|referrer|referred by|referrer id",),
    "state": (
        "订单状态|交易状态|支付状态|付款状态|financial status|order status|payment status|status",
    ),
    "cancelled": ("取消时间|cancelled at|canceled at",),
}  # fmt: skip
NEEDED = ("order_id", "gross")
STRICT = ("account", "ts", "refund", "discount", "cost")  # several of a kind are not guessed among
TOTALS = ("合计", "总计", "汇总", "小计", "total")
MONEY = ("gross", "discount", "refund", "cost")
# Of such columns each line of an order states its own, unless the file shows otherwise.
LINES = ("商品", "宝贝", "单品", "lineitem", "item", "unit")
UNPAID = (
    "待付款", "等待买家付款", "未付款", "待支付", "未支付", "等待付款", "unpaid", "pending", "voided",
    "authorized", "expired", "on-hold", "failed", "awaiting payment",
)  # fmt: skip
CANCELLED = ("已取消", "交易取消", "订单取消", "cancelled", "canceled")
CLOSED = ("交易关闭", "已关闭", "订单关闭", "退款成功", "已退款", "refunded")
