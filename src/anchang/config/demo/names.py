"""Words of the demo office's history: names, phones, documents, what people say."""

from __future__ import annotations

import datetime as dt
from random import Random

from anchang.kernel.identity import id_card_check_digit

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
MALE = (
    "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢佳建文博志远子轩梓豪昊天泽宇晨航思源嘉伟家豪国栋"
    "晓东海涛立新"
)
FEMALE = (
    "芳娜敏静丽艳娟霞秀燕玲婷雪琳倩颖晶欣悦莹洁慧蓉璐瑶妍梦佳怡诗雨涵欣怡梓萱雅静晓雯思琪可欣若曦语桐美玲淑华玉兰"
)
REGIONS = ("西湖区", "拱墅区", "上城区", "滨江区", "萧山区", "余杭区", "临平区", "钱塘区")
PREFIXES = ("130", "131", "132", "135", "136", "137", "138", "139", "150", "151", "152", "157", "158", "159", "177",
            "180", "181", "186", "187", "188", "189")  # fmt: skip
BANKS = ("工商银行杭州西湖支行", "建设银行杭州之江支行", "中国银行杭州高新支行", "杭州银行文三支行")
CALLS = (
    "已电话沟通，客户关注三房，预算 {budget} 万左右，约周末来看房", "客户在开会，简单介绍了项目位置和价格，稍后再联系",
    "介绍了在售户型和付款方式，客户想了解学区", "客户正在对比周边楼盘，发送了项目资料和户型图",
    "询问首付比例和月供，已用计算器算好发送", "客户家人还在商量，希望面积再大一点", "客户表示最近较忙，下周再约",
    "回访上次到访感受，客户对得房率满意，觉得单价略高", "提醒客户本月优惠月底截止，客户说考虑一下",
    "客户咨询公积金贷款额度，已解答", "客户问三号楼东边套还有没有，已发销控", "客户想看样板房，约定本周六上午",
)  # fmt: skip
CHATS = (
    "微信发送户型图和价目表，客户回复收到", "微信发送样板房视频，客户点赞并咨询朝向", "微信推送签约进度和优惠政策",
    "客户微信询问车位价格，已答复", "微信发送按揭方案，月供约 {monthly} 元", "客户发来竞品价格，做了对比说明",
)  # fmt: skip
SILENT = ("电话无人接听，已发短信", "客户挂断，改天再打", "电话占线，晚点再联系")
TALKS = (
    "看沙盘、样板房，重点讲解 {layout} 户型，家人比较满意", "客户关注学区和地铁距离，带看 {layout} 样板间",
    "二次到访带父母一起看，计算了首付和月供", "重点比较楼层和采光，客户倾向中高区", "了解交付标准和物业费",
)  # fmt: skip
REACTIONS = ("喜欢采光", "觉得客厅宽敞", "嫌次卧偏小", "对楼层满意", "想再看更高楼层", "认可精装标准")
LOST = ("bought_elsewhere", "price", "location", "layout", "loan", "no_need", "unreachable")
INVALID = ("wrong_number", "unreachable", "not_interested", "advertising")
PURPOSES = ("first_home", "better_home", "school", "wedding", "investment", "retirement")
VISIT_PURPOSES = ("自住", "改善", "婚房", "学区", "投资", "养老")


class Names:
    """Random people; no phone and no document comes twice."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.phones: set[str] = set()
        self.documents: set[str] = set()

    def person(self) -> tuple[str, str]:
        """(name, sex)"""
        sex = self.random.choice(("male", "female"))
        given = MALE if sex == "male" else FEMALE
        length = 1 if self.random.random() < 0.3 else 2
        return self.random.choice(SURNAMES) + "".join(self.random.choice(given) for _ in range(length)), sex

    def phone(self) -> str:
        while True:
            found = f"{self.random.choice(PREFIXES)}{self.random.randrange(10**8):08d}"
            if found not in self.phones:
                self.phones.add(found)
                return found

    def document(self, sex: str = "male") -> str:
        """An identity card's number of an adult, with a right check digit."""
        while True:
            born = dt.date(1962, 1, 1) + dt.timedelta(days=self.random.randrange(14_000))
            place = self.random.choice(("330102", "330103", "330104", "330106", "330108", "330109", "330110", "340102"))
            order = self.random.randrange(500) * 2 + (sex == "male")
            first = f"{place}{born:%Y%m%d}{order % 1000:03d}"
            number = first + id_card_check_digit(first)
            if number not in self.documents:
                self.documents.add(number)
                return number
