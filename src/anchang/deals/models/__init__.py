"""The chain of a sale: deal, unit claim, hold, subscription, contract, and the parties and papers of it."""

from anchang.deals.models.bundles import Bundle, BundleItem
from anchang.deals.models.chain import Deal, Hold, UnitClaim
from anchang.deals.models.changes import DealChange
from anchang.deals.models.connected import ConnectedPerson
from anchang.deals.models.contracts import Contract
from anchang.deals.models.files import DealFile
from anchang.deals.models.launch import LaunchScheme, Lottery, QueueTicket
from anchang.deals.models.offers import Coupon, DiscountDecision, DiscountRequest, PriceStrategy, Quotation
from anchang.deals.models.parties import Buyer, ReceivedDocument, RequiredDocument
from anchang.deals.models.subscriptions import PlanLine, Subscription

__all__ = [
    "Bundle", "BundleItem", "Buyer", "ConnectedPerson", "Contract", "Coupon", "Deal", "DealChange", "DealFile",
    "DiscountDecision", "DiscountRequest", "Hold",
    "LaunchScheme", "Lottery", "PlanLine", "PriceStrategy", "QueueTicket", "Quotation", "ReceivedDocument",
    "RequiredDocument", "Subscription", "UnitClaim",
]  # fmt: skip
