"""What follows a signed contract: mortgage, title, copies in custody, disputes."""

from anchang.affairs.models.bureau import BureauDifference, BureauList, BureauRow
from anchang.affairs.models.custody import ContractCopy, CopyLoan
from anchang.affairs.models.disputes import Dispute
from anchang.affairs.models.liabilities import Handover, Provision, SellerLiability, Warranty
from anchang.affairs.models.negotiating import Negotiation, Opportunity
from anchang.affairs.models.procedure import ProcedureStep, SigningCheck, SigningProcedure, StepBack, StepDone
from anchang.affairs.models.reviewing import LegalReview, ReviewPoint, ReviewResult
from anchang.affairs.models.steps import Mortgage, TitleRegistration

__all__ = [
    "BureauDifference", "BureauList", "BureauRow", "ContractCopy", "CopyLoan", "Dispute", "Handover",
    "LegalReview", "Mortgage", "Negotiation", "Opportunity", "ProcedureStep", "Provision", "ReviewPoint",
    "ReviewResult", "SellerLiability", "SigningCheck", "SigningProcedure", "StepBack", "StepDone", "TitleRegistration",
    "Warranty",
]  # fmt: skip
