"""The words that price lists use for their columns, states and facts, from the forms of several bureaus."""

# ruff: noqa: E501 - lists of words read better in long lines

from django.utils.translation import gettext_lazy as _

from anchang.platform.importing.mapping import ImportField

PRICE_FIELDS = (
    ImportField("sequence", _("Sequence"), ("序号", "编号", "no", "no.")),
    ImportField("building", _("Building"), (
        "幢号", "栋号", "楼栋", "楼号", "楼幢", "幢", "栋", "楼栋号", "楼幢号", "楼座", "座号", "楼栋名称", "building")),
    ImportField("section", _("Section"), ("单元", "单元号", "梯号", "单元名称", "section", "entrance")),
    ImportField("floor", _("Floor"), ("楼层", "层", "所在层", "层次", "楼层号", "所在楼层", "层数", "实际层", "floor")),
    ImportField("room", _("Room"), (
        "室号", "房号", "房间号", "户号", "房屋编号", "房源", "房源编号", "门牌号", "房屋坐落", "车位号", "室", "unit", "room"),
        required=True),
    ImportField("layout", _("Layout"), ("户型", "房型", "户型结构", "户型名称", "房屋户型", "layout")),
    ImportField("storey_height", _("Storey height"), ("层高", "标准层高", "storey height")),
    ImportField("gross_area", _("Gross area"), (
        "建筑面积", "面积", "建面", "预测建筑面积", "房屋建筑面积", "总建筑面积", "实测建筑面积", "gross area", "area"),
        required=True),
    ImportField("inner_area", _("Inner area"), (
        "套内建筑面积", "套内面积", "套内", "套内建面", "专有面积", "预测套内面积", "inner area")),
    ImportField("shared_area", _("Shared area"), (
        "公摊面积", "分摊面积", "分摊共有面积", "分摊共有建筑面积", "共有分摊面积", "公摊", "分摊建筑面积", "shared area")),
    ImportField("basis", _("Price basis"), ("计价单位", "计价方式", "计价依据", "销售计价方式", "price basis")),
    ImportField("gross_unit_price", _("Price per square metre of gross area"), (
        "建筑面积单价", "销售单价", "单价", "建面单价", "建筑单价", "备案单价", "建筑面积销售单价", "申报单价", "毛坯单价",
        "unit price")),
    ImportField("inner_unit_price", _("Price per square metre of inner area"), (
        "套内面积单价", "套内单价", "套内建筑面积单价", "套内建筑面积销售单价", "inner unit price")),
    ImportField("total", _("Total price"), (
        "房屋总价", "总价", "总售价", "总房价", "房屋总价款", "总价款", "销售总价", "备案总价", "申报总价", "表价", "total",
        "total price"), required=True),
    ImportField("discounts", _("Discounts and their conditions"), (
        "优惠折扣及享受条件", "优惠折扣", "折扣", "优惠条件", "优惠折扣及条件", "优惠", "discounts")),
    ImportField("state", _("State"), ("销售状态", "状态", "房屋状态", "销售情况", "房源状态", "是否已售", "state", "status")),
    ImportField("product_type", _("Product type"), ("房屋用途", "用途", "业态", "物业类型", "房屋类型", "产品类型", "product type")),
    ImportField("orientation", _("Orientation"), ("朝向", "房屋朝向", "orientation")),
    ImportField("note", _("Note"), ("备注", "说明", "备注说明", "note", "remark")),
)  # fmt: skip
"""What an import of a price list takes. A building's sheet may do without the building column."""

UNSOLD, RESERVED, SOLD = "unsold", "reserved", "sold"
STATES = {
    "未售": UNSOLD, "可售": UNSOLD, "待售": UNSOLD, "在售": UNSOLD, "未销售": UNSOLD, "未出售": UNSOLD, "否": UNSOLD,
    "预留": RESERVED, "保留": RESERVED, "自留": RESERVED, "销控": RESERVED, "不可售": RESERVED, "控制": RESERVED,
    "已售": SOLD, "已售出": SOLD, "已销售": SOLD, "售出": SOLD, "已签约": SOLD, "已网签": SOLD, "已备案": SOLD, "是": SOLD,
    "unsold": UNSOLD, "available": UNSOLD, "reserved": RESERVED, "sold": SOLD,
}  # fmt: skip
GROSS, INNER, UNIT = "gross", "inner", "unit"
BASES = {
    "建筑面积": GROSS, "按建筑面积": GROSS, "建筑面积计价": GROSS, "按建筑面积计价": GROSS, "建面": GROSS,
    "元/㎡": GROSS, "平方米": GROSS,
    "套内建筑面积": INNER, "套内面积": INNER, "按套内面积": INNER, "按套内建筑面积": INNER, "按套内建筑面积计价": INNER,
    "套内": INNER, "套": UNIT, "按套": UNIT, "按套计价": UNIT, "整套": UNIT, "个": UNIT, "元/套": UNIT, "元/个": UNIT,
}  # fmt: skip
PRODUCT_TYPES = {
    "住宅": "housing", "普通住宅": "housing", "商品住宅": "housing", "成套住宅": "housing", "公寓": "housing",
    "商业": "shop", "商铺": "shop", "店铺": "shop", "商业服务": "shop",
    "办公": "office", "写字楼": "office", "商务办公": "office",
    "车位": "parking", "地下车位": "parking", "车库": "parking", "机动车位": "parking", "机动车停车位": "parking",
}  # fmt: skip

# fmt: off
FACT_NAMES = {
    "developer": ("开发企业", "开发企业名称", "开发商", "房地产开发企业", "房地产开发企业名称", "企业名称", "开发单位"),
    "project": ("楼盘名称", "项目名称", "楼盘", "项目", "推广名称", "项目推广名"),
    "location": ("坐落", "楼盘坐落", "座落", "坐落位置", "项目地址", "项目坐落", "地址"),
    "permit": ("预售许可证号", "预售许可证", "预售证号", "商品房预售许可证号", "预售许可证编号", "许可证号", "现售备案号", "现售备案证号"),
    "land": ("土地性质", "土地使用性质", "土地性质及年限", "土地使用起止年限", "土地用途"),
    "plot_ratio": ("容积率", "建筑容积率"),
    "greening": ("绿化率", "绿地率"),
    "parking_ratio": ("车位配比", "车位配比率", "车位比"),
    "building_type": ("建筑类型", "楼宇类型"),
    "structure": ("建筑结构", "房屋结构"),
    "finish": ("装修状况", "装修标准", "装修情况", "交付标准"),
    "utilities": ("基础设施", "配套设施", "基础设施配套", "公共设施", "水电气配套"),
    "property_fee": ("前期物业服务费", "物业服务费", "物业费", "前期物业费", "物业服务收费标准"),
    "complaint_line": ("价格举报电话", "举报电话", "投诉电话"),
}
# fmt: on
